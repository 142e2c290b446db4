from datetime import UTC, datetime, timedelta

from order_service.domain.events import OrderAmended, OrderExpired, OrderPlaced
from order_service.domain.status import Status
from order_service.services.order_timers import expire_unpaid, republish_pending
from order_service.tests.things import LATER, a_customer, an_offer, an_order, an_order_that_is
from order_service.tests.unit.fakes import FakeUnitOfWork


async def test_what_nobody_paid_expires_and_the_rest_does_not() -> None:
    overdue, in_time = (an_order_that_is(Status.AWAITING_PAYMENT) for _ in range(2))
    in_time.reserved_until = datetime.now(UTC) + timedelta(minutes=1)
    work = FakeUnitOfWork(overdue, in_time, an_order())
    await expire_unpaid(work)
    assert work.facts == [OrderExpired(work.orders.stored[overdue.id])]
    assert work.orders.stored[in_time.id].status is Status.AWAITING_PAYMENT


async def test_orders_without_an_answer_are_told_again_as_they_are() -> None:
    customer = a_customer()
    placed, amended, answered = an_order(customer), an_order(customer), an_order_that_is(Status.AWAITING_PAYMENT)
    amended.amend(customer, an_offer(), {}, LATER)
    work = FakeUnitOfWork(placed, amended, answered)
    await republish_pending(work, timedelta(seconds=30))
    assert [(type(fact), fact.order.id, fact.order.version) for fact in work.facts] == [
        (OrderPlaced, placed.id, 1),
        (OrderAmended, amended.id, 2),
    ]
    assert work.orders.history == []


async def test_nobody_is_hurried() -> None:
    work = FakeUnitOfWork(order := an_order())
    order.updated_at = datetime.now(UTC)
    await republish_pending(work, timedelta(seconds=30))
    assert work.facts == []
