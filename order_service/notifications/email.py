"""What a customer is told of an order by e-mail: once for each change of its status."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from order_service.domain.order import Order
from order_service.domain.products import PricedItems
from order_service.domain.status import Status


class EmailStatus(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"
    """The mail server does not take it, and never will."""
    UNADDRESSED = "unaddressed"
    """The customer was deleted, and their address with them."""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What an e-mail is about."""

    order_id: UUID
    version: int
    """Of the order, which the change has raised it to."""
    at: datetime
    items: PricedItems
    """The order's at that version."""


@dataclass(frozen=True, slots=True)
class Email:
    """One that a worker has claimed, with what is known of its order and customer by now."""

    change: StatusChange
    status: Status
    previous_status: Status | None
    reason: str | None
    pay_until: datetime | None
    """Only while the order is still in that status and awaits a payment."""
    is_customer_known: bool
    """False if no event has told of the customer yet."""
    username: str | None
    """None, as the address: the customer is not known, or was deleted."""
    address: str | None
    attempts: int
    traceparent: str | None = None

    @property
    def name(self) -> str:
        """The same each time it is sent, so that a receiver who gets it twice can tell."""
        return f"order-{self.change.order_id}-{self.change.version}"


def status_changes(order: Order) -> Iterator[StatusChange]:
    """Since the order was read. New items and new details alone are no change of its status."""
    items = PricedItems(order.lines, order.currency)
    for change in order.changes:
        if change.from_status is not change.to_status:
            yield StatusChange(order.id, change.version, change.at, items)
