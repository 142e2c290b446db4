from libs.process.ids import new_id
from order_service.domain.facts import OrderRejected, OrderReserved
from order_service.domain.shortages import Shortage
from order_service.domain.status import Status
from order_service.services.stock import stock_rejected, stock_reserved
from order_service.tests.things import HOLD, LATER, an_admin, an_order
from order_service.tests.unit.fakes import FakeUnitOfWork

NONE_LEFT = [Shortage(new_id(), 1, 0)]


async def test_a_hold_is_taken_once() -> None:
    work = FakeUnitOfWork(before := an_order())
    for _ in range(3):
        await stock_reserved(work, before.id, 1, HOLD)
    order = work.orders.stored[before.id]
    assert (order.status, order.version) == (Status.AWAITING_PAYMENT, 2)
    assert work.facts == [OrderReserved(order)]


async def test_a_rejection_is_taken_once() -> None:
    work = FakeUnitOfWork(before := an_order())
    for _ in range(3):
        await stock_rejected(work, before.id, 1, NONE_LEFT)
    order = work.orders.stored[before.id]
    assert (order.status, order.version) == (Status.REJECTED, 2)
    assert work.facts == [OrderRejected(order)]


async def test_answers_to_other_versions_are_ignored() -> None:
    order = an_order()
    order.amend(an_admin(), None, {"comment": "Ring twice."}, LATER)
    work = FakeUnitOfWork(order)
    await stock_rejected(work, order.id, 1, NONE_LEFT)
    await stock_reserved(work, order.id, 3, HOLD)
    assert (work.orders.stored[order.id].status, work.facts) == (Status.PENDING, [])
    await stock_reserved(work, order.id, 2, HOLD)
    assert work.orders.stored[order.id].status is Status.AWAITING_PAYMENT


async def test_an_answer_that_a_cancel_overtook_is_ignored() -> None:
    order = an_order()
    order.cancel(an_admin(), LATER)
    work = FakeUnitOfWork(order)
    for version in (1, 2):
        await stock_reserved(work, order.id, version, HOLD)
        await stock_rejected(work, order.id, version, NONE_LEFT)
    assert (work.orders.stored[order.id].status, work.facts) == (Status.CANCELLED, [])


async def test_an_answer_for_an_order_that_is_not_here_is_ignored() -> None:
    work = FakeUnitOfWork()
    await stock_reserved(work, new_id(), 1, HOLD)
    await stock_rejected(work, new_id(), 1, NONE_LEFT)
    assert work.facts == []
