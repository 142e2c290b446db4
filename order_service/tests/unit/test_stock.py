from libs.process.ids import new_id
from order_service.domain.events import OrderRejected, OrderReserved
from order_service.domain.status import Status
from order_service.domain.stock_result import Shortage, StockResult
from order_service.services.apply_stock_results import apply_stock_results
from order_service.tests.things import HOLD, LATER, an_admin, an_order
from order_service.tests.unit.fakes import FakeUnitOfWork

NONE_LEFT = (Shortage(new_id(), 1, 0),)


async def test_a_hold_is_taken_once() -> None:
    work = FakeUnitOfWork(before := an_order())
    for _ in range(3):
        await apply_stock_results(work, HOLD, StockResult(before.id, 1))
    order = work.orders.stored[before.id]
    assert (order.status, order.version) == (Status.AWAITING_PAYMENT, 2)
    assert work.facts == [OrderReserved(order)]


async def test_a_rejection_is_taken_once() -> None:
    work = FakeUnitOfWork(before := an_order())
    for _ in range(3):
        await apply_stock_results(work, HOLD, StockResult(before.id, 1, NONE_LEFT))
    order = work.orders.stored[before.id]
    assert (order.status, order.version) == (Status.REJECTED, 2)
    assert work.facts == [OrderRejected(order)]


async def test_answers_to_other_versions_are_ignored() -> None:
    order = an_order()
    order.amend(an_admin(), None, {"comment": "Ring twice."}, LATER)
    work = FakeUnitOfWork(order)
    await apply_stock_results(work, HOLD, StockResult(order.id, 1, NONE_LEFT), StockResult(order.id, 3))
    assert (work.orders.stored[order.id].status, work.facts) == (Status.PENDING, [])
    await apply_stock_results(work, HOLD, StockResult(order.id, 2))
    assert work.orders.stored[order.id].status is Status.AWAITING_PAYMENT


async def test_an_answer_that_a_cancel_overtook_is_ignored() -> None:
    order = an_order()
    order.cancel(an_admin(), LATER)
    work = FakeUnitOfWork(order)
    answers = [StockResult(order.id, version, shortages) for version in (1, 2) for shortages in ((), NONE_LEFT)]
    await apply_stock_results(work, HOLD, *answers)
    assert (work.orders.stored[order.id].status, work.facts) == (Status.CANCELLED, [])


async def test_each_of_many_answers_is_taken_for_what_it_is() -> None:
    held, short, late, other = [an_order() for _ in range(4)]
    late.cancel(an_admin(), LATER)
    work = FakeUnitOfWork(held, short, late, other)
    answers = [StockResult(each, 1) for each in (new_id(), late.id, held.id)]
    await apply_stock_results(
        work, HOLD, *answers, StockResult(short.id, 1, NONE_LEFT), StockResult(new_id(), 1, NONE_LEFT)
    )
    stored = work.orders.stored
    assert {each.id: (each.status, each.version) for each in stored.values()} == {
        held.id: (Status.AWAITING_PAYMENT, 2),
        short.id: (Status.REJECTED, 2),
        late.id: (Status.CANCELLED, 2),
        other.id: (Status.PENDING, 1),
    }
    assert work.facts == [OrderReserved(stored[held.id]), OrderRejected(stored[short.id])]


async def test_of_several_answers_about_one_order_that_to_its_version_counts() -> None:
    order = an_order()
    order.amend(an_admin(), None, {"comment": "Ring twice."}, LATER)
    work = FakeUnitOfWork(order)
    late, current = StockResult(order.id, 1, NONE_LEFT), StockResult(order.id, 2)
    await apply_stock_results(work, HOLD, late, current, late, current, StockResult(order.id, 3, NONE_LEFT))
    after = work.orders.stored[order.id]
    assert (after.status, after.version) == (Status.AWAITING_PAYMENT, 3)
    assert work.facts == [OrderReserved(after)]
