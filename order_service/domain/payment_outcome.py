"""Where an order and its payments meet: who may begin one, and what follows from its outcome."""

from datetime import datetime
from uuid import UUID

from order_service.domain.actor import PAYMENTS, Actor
from order_service.domain.events import DomainEvent, OrderAmended, OrderPaid
from order_service.domain.order import Order
from order_service.domain.payment import (
    FIRST_POLL,
    Captured,
    Declined,
    NotCharged,
    Outcome,
    Payment,
    PaymentStatus,
    Refunded,
)
from order_service.domain.status import Status
from order_service.exceptions import OrderNotPayable


def begin_payment(order: Order, customer: Actor, payment_id: UUID, method: str, token: str, now: datetime) -> Payment:
    """From here to its outcome nothing else can happen to the order."""
    if order.status is Status.PENDING:
        raise OrderNotPayable("Its stock is not held yet; try again in a moment.", retry_after=1)
    if order.status is not Status.AWAITING_PAYMENT:
        raise OrderNotPayable(f"An order that is {order.status} cannot be paid.")
    order.refuse_while_paying()
    payment = Payment(
        id=payment_id,
        order_id=order.id,
        method=method,
        token=token,
        amount=order.total,
        currency=order.currency,
        created_at=now,
        updated_at=now,
        due_at=now + FIRST_POLL,
    )
    order.payment = payment
    order.record_change(order.status, customer.name, now, "payment started")
    return payment


def apply_outcome(order: Order, payment: Payment, outcome: Outcome, now: datetime) -> DomainEvent | None:
    """Outcomes come late, twice and in any order; what is known already changes nothing.

    A capture that the order has no use for any more is given back.
    """
    match outcome:
        case Captured(reference):
            return _captured(order, payment, reference, now)
        case Declined(reason) if payment.is_open:
            payment.decline(reason, now)
            order.record_change(order.status, PAYMENTS, now, f"payment declined: {reason}")
        case NotCharged() if payment.is_open:
            payment.fail(now)
            order.record_change(order.status, PAYMENTS, now, "payment failed; nothing was charged")
        case Refunded(reference):
            return _refunded(order, payment, reference, now)
    return None


def _captured(order: Order, payment: Payment, reference: str, now: datetime) -> DomainEvent | None:
    if payment.status not in (PaymentStatus.STARTED, PaymentStatus.DECLINED, PaymentStatus.FAILED):
        return None
    another = order.is_being_paid and order.payment is not payment
    of_other_items = (payment.amount, payment.currency) != (order.total, order.currency)
    if order.status is not Status.AWAITING_PAYMENT or another or of_other_items:
        payment.start_refund(reference, now)
        return _noted(order, "payment came too late and is given back", now)
    payment.succeed(reference, now)
    order.payment = payment
    order.transition(Status.PAID, PAYMENTS, now)
    return OrderPaid(order)


def _refunded(order: Order, payment: Payment, reference: str, now: datetime) -> DomainEvent | None:
    """Also where it was the provider, and not the shop, that began it."""
    if payment.status is PaymentStatus.REFUNDED:
        return None
    was_what_paid = payment.status is PaymentStatus.SUCCEEDED and order.status is Status.PAID
    fact = order.refund(PAYMENTS, now) if was_what_paid else None
    payment.complete_refund(reference, now)
    return _noted(order, f"{payment.amount} {payment.currency} refunded", now) or fact


def _noted(order: Order, reason: str, now: datetime) -> DomainEvent | None:
    """A pending order waits for the answer to its newest version, which has to be told for that."""
    order.record_change(order.status, PAYMENTS, now, reason)
    return OrderAmended(order) if order.status is Status.PENDING else None
