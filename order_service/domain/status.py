"""The statuses of an order and the ways between them."""

from collections.abc import Mapping
from enum import StrEnum


class Status(StrEnum):
    PENDING = "pending"
    AWAITING_PAYMENT = "awaiting_payment"
    REJECTED = "rejected"
    PAID = "paid"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    SHIPPED = "shipped"
    DELIVERED = "delivered"


ALLOWED_TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.AWAITING_PAYMENT, Status.REJECTED, Status.CANCELLED}),
    # Back to pending where its items were replaced, which have to be reserved anew.
    Status.AWAITING_PAYMENT: frozenset({Status.PENDING, Status.PAID, Status.CANCELLED, Status.EXPIRED}),
    Status.PAID: frozenset({Status.SHIPPED, Status.REFUNDED}),
    Status.SHIPPED: frozenset({Status.DELIVERED}),
    Status.REJECTED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.EXPIRED: frozenset(),
    Status.REFUNDED: frozenset(),
    Status.DELIVERED: frozenset(),
}

BEFORE_PAYMENT = frozenset({Status.PENDING, Status.AWAITING_PAYMENT})
FINAL = frozenset(status for status, following in ALLOWED_TRANSITIONS.items() if not following)
