from datetime import timedelta
from itertools import permutations

import pytest

from libs.process.ids import new_id
from order_service.domain.events import OrderAmended, OrderCancelled, OrderExpired, OrderPaid, OrderRefunded
from order_service.domain.order import Order
from order_service.domain.payment import (
    FIRST_POLL,
    POLL_BACKOFF,
    Captured,
    Declined,
    NotCharged,
    Outcome,
    Payment,
    PaymentStatus,
    Refunded,
)
from order_service.domain.payment_outcome import apply_outcome, begin_payment
from order_service.domain.status import Status
from order_service.exceptions import IllegalTransition, OrderNotPayable, PaymentInProgress
from order_service.tests.things import HOLD, LATER, NOW, a_customer, a_product, an_admin, an_offer, an_order_that_is

CAPTURED = Captured("ref-1")


def begin(order: Order) -> Payment:
    return begin_payment(order, a_customer(), new_id(), "card", "tok_ok", LATER)


def an_order_being_paid() -> tuple[Order, Payment]:
    order = an_order_that_is(Status.AWAITING_PAYMENT)
    return order, begin(order)


def a_paid_order() -> tuple[Order, Payment]:
    order, payment = an_order_being_paid()
    apply_outcome(order, payment, CAPTURED, LATER)
    return order, payment


def test_a_payment_is_of_the_whole_order_and_is_noted() -> None:
    order, payment = an_order_being_paid()
    assert (payment.amount, payment.currency, payment.order_id) == (order.total, order.currency, order.id)
    assert (payment.is_open, payment.due_at) == (True, LATER + FIRST_POLL)
    assert (order.status, order.version, order.changes[-1].reason) == (Status.AWAITING_PAYMENT, 2, "payment started")
    assert order.reserved_until == NOW + HOLD


def test_what_is_not_reserved_yet_may_be_paid_in_a_moment() -> None:
    with pytest.raises(OrderNotPayable) as refusal:
        begin(an_order_that_is(Status.PENDING))
    assert refusal.value.retry_after == 1


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.PENDING, Status.AWAITING_PAYMENT}))
def test_what_cannot_be_paid_any_more(status: Status) -> None:
    with pytest.raises(OrderNotPayable) as refusal:
        begin(an_order_that_is(status))
    assert refusal.value.retry_after is None


def test_while_a_payment_is_under_way_nothing_else_happens() -> None:
    order, _ = an_order_being_paid()
    admin = an_admin()
    for attempt in (
        lambda: begin(order),
        lambda: order.cancel(admin, LATER),
        lambda: order.delete(admin, LATER),
        lambda: order.amend(admin, an_offer(), {}, LATER),
        lambda: order.amend(admin, None, {"comment": "x"}, LATER),
    ):
        with pytest.raises(PaymentInProgress):
            attempt()
    assert order.expire(NOW + HOLD + timedelta(days=1)) is None
    assert order.version == 2


def test_a_capture_pays_once() -> None:
    order, payment = an_order_being_paid()
    assert isinstance(apply_outcome(order, payment, CAPTURED, LATER), OrderPaid)
    assert (order.status, order.reserved_until, order.version) == (Status.PAID, None, 3)
    assert (payment.status, payment.provider_reference, payment.token, payment.due_at) == (
        PaymentStatus.SUCCEEDED,
        "ref-1",
        None,
        None,
    )
    late: tuple[Outcome, ...] = (CAPTURED, Declined("late"), NotCharged())
    for outcome in late:
        assert apply_outcome(order, payment, outcome, LATER) is None
    assert (order.status, order.version, payment.status) == (Status.PAID, 3, PaymentStatus.SUCCEEDED)


@pytest.mark.parametrize("outcome", [Declined("no money"), NotCharged()])
def test_after_a_payment_that_failed_it_can_be_paid_again(outcome: Outcome) -> None:
    order, payment = an_order_being_paid()
    assert apply_outcome(order, payment, outcome, LATER) is None
    assert (order.status, order.version, payment.token) == (Status.AWAITING_PAYMENT, 3, None)
    second = begin(order)
    assert isinstance(apply_outcome(order, second, Captured("ref-2"), LATER), OrderPaid)
    assert order.payment is second


def test_a_capture_that_was_thought_to_have_failed_still_pays() -> None:
    order, payment = an_order_being_paid()
    apply_outcome(order, payment, NotCharged(), LATER)
    assert isinstance(apply_outcome(order, payment, CAPTURED, LATER), OrderPaid)
    assert payment.status is PaymentStatus.SUCCEEDED


@pytest.mark.parametrize(
    "meanwhile", ["cancelled", "expired", "amended", "amended and reserved", "being paid again", "paid again"]
)
def test_a_capture_that_nobody_needs_is_given_back(meanwhile: str) -> None:
    order, late = an_order_being_paid()
    apply_outcome(order, late, NotCharged(), LATER)
    match meanwhile:
        case "cancelled":
            assert isinstance(order.cancel(an_admin(), LATER), OrderCancelled)
        case "expired":
            assert isinstance(order.expire(NOW + HOLD), OrderExpired)
        case "amended":
            order.amend(an_admin(), an_offer(), {}, LATER)
        case "amended and reserved":
            order.amend(an_admin(), an_offer((a_product(), 3)), {}, LATER)
            order.reserve(LATER, HOLD)
        case "being paid again":
            begin(order)
        case _:
            apply_outcome(order, begin(order), Captured("ref-2"), LATER)
    status = order.status
    # Catalog answers the version that it was told of, and only the newest counts.
    told = [OrderAmended] if status is Status.PENDING else []
    assert [type(fact) for fact in (apply_outcome(order, late, CAPTURED, LATER),) if fact] == told
    assert order.status is status
    assert (late.status, late.provider_reference, late.due_at) == (PaymentStatus.REFUNDING, "ref-1", LATER)
    assert order.payment is not None
    assert (order.payment is late) == (meanwhile not in ("being paid again", "paid again"))
    assert [type(fact) for fact in (apply_outcome(order, late, Refunded("ref-1"), LATER),) if fact] == told
    assert (order.status, late.status) == (status, PaymentStatus.REFUNDED)


def test_cancelling_a_paid_order_gives_the_money_back() -> None:
    order, payment = a_paid_order()
    assert isinstance(order.cancel(an_admin(), LATER), OrderRefunded)
    assert (order.status, payment.status, payment.due_at) == (Status.REFUNDED, PaymentStatus.REFUNDING, LATER)
    assert order.cancel(an_admin(), LATER) is None
    assert apply_outcome(order, payment, Refunded("ref-1"), LATER) is None
    assert apply_outcome(order, payment, Refunded("ref-1"), LATER) is None
    assert (order.status, order.version, payment.status) == (Status.REFUNDED, 5, PaymentStatus.REFUNDED)


def test_what_the_provider_refunds_by_itself_refunds_the_order() -> None:
    order, payment = a_paid_order()
    assert isinstance(apply_outcome(order, payment, Refunded("ref-1"), LATER), OrderRefunded)
    assert (order.status, payment.status, payment.due_at) == (Status.REFUNDED, PaymentStatus.REFUNDED, None)


def test_a_refund_of_what_was_shipped_leaves_it_shipped() -> None:
    order, payment = a_paid_order()
    order.ship(an_admin(), LATER)
    assert apply_outcome(order, payment, Refunded("ref-1"), LATER) is None
    assert (order.status, payment.status) == (Status.SHIPPED, PaymentStatus.REFUNDED)
    with pytest.raises(IllegalTransition):
        order.cancel(an_admin(), LATER)


@pytest.mark.parametrize("outcomes", [*permutations([CAPTURED, Refunded("ref-1"), Declined("late"), NotCharged()])])
def test_the_books_balance_in_whatever_order_outcomes_come(outcomes: tuple[Outcome, ...]) -> None:
    """Where the provider's last word is a refund, the shop ends there too: after it nothing is believed any more."""
    order, payment = an_order_being_paid()
    for outcome in outcomes:
        apply_outcome(order, payment, outcome, LATER)
    assert payment.status is PaymentStatus.REFUNDED
    assert order.status in (Status.REFUNDED, Status.AWAITING_PAYMENT)


def test_an_order_expires_when_its_time_is_over_and_not_before() -> None:
    order = an_order_that_is(Status.AWAITING_PAYMENT)
    assert order.expire(NOW + HOLD - timedelta(microseconds=1)) is None
    assert isinstance(order.expire(NOW + HOLD), OrderExpired)
    assert (order.status, order.reserved_until, order.changes[-1].actor) == (Status.EXPIRED, None, "timer")
    assert order.expire(NOW + HOLD) is None


@pytest.mark.parametrize("status", [Status.PENDING, Status.AWAITING_PAYMENT])
def test_new_items_have_to_be_reserved_anew(status: Status) -> None:
    order = an_order_that_is(status)
    offer = an_offer()
    assert order.amend(an_admin(), offer, {"comment": "x"}, LATER) is not None
    assert (order.status, order.lines, order.total, order.reserved_until) == (
        Status.PENDING,
        offer.lines,
        offer.total,
        None,
    )
    assert order.changes[-1].reason == "items and comment changed"
    assert (order.awaits_answer(1), order.awaits_answer(2)) == (False, True)
    assert order.amend(an_admin(), offer, {}, LATER) is None


def test_delays_between_questions_grow_to_a_bound() -> None:
    delays = [POLL_BACKOFF.after(attempts) for attempts in range(1, 50)]
    assert delays[:3] == [timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4)]
    assert delays == sorted(delays)
    assert delays[-1] == timedelta(minutes=5)
