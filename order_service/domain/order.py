"""The order: its lines, its status, and the rules of changing it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Self, TypedDict
from uuid import UUID

from order_service.domain.actor import CATALOG, TIMER, Actor
from order_service.domain.events import (
    DomainEvent,
    OrderAmended,
    OrderCancelled,
    OrderDelivered,
    OrderExpired,
    OrderPlaced,
    OrderRefunded,
    OrderRejected,
    OrderReserved,
    OrderShipped,
)
from order_service.domain.payment import Payment
from order_service.domain.products import Line, PricedItems
from order_service.domain.status import ALLOWED_TRANSITIONS, BEFORE_PAYMENT, FINAL, Status
from order_service.domain.stock_result import Shortage, describe
from order_service.exceptions import IllegalTransition, OrderInProgress, PaymentInProgress


class Details(TypedDict, total=False):
    """What the owner may change before payment; what is absent stays."""

    delivery_address: str | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One entry of an order's history. Each raises the version by one."""

    version: int
    at: datetime
    actor: str
    from_status: Status | None
    to_status: Status
    reason: str | None


@dataclass(slots=True)
class Order:
    """Its methods refuse, or change it, note that in `changes` and return the fact; None where nobody need be told."""

    id: UUID
    user_id: UUID
    username: str
    status: Status
    lines: tuple[Line, ...]
    total: Decimal
    currency: str
    delivery_address: str | None
    comment: str | None
    status_reason: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    reserved_until: datetime | None = None
    """Until when the catalog holds its stock for a payment."""
    deleted_at: datetime | None = None
    payment: Payment | None = None
    """The one that is open or has succeeded, of which there is one at most; else what there was last."""
    changes: list[HistoryEntry] = field(default_factory=list)
    """What has happened since it was read, for the history."""

    @classmethod
    def place(
        cls, order_id: UUID, customer: Actor, offer: PricedItems, details: Details, now: datetime
    ) -> tuple[Self, DomainEvent]:
        order = cls(
            id=order_id,
            user_id=customer.user_id,
            username=customer.username,
            status=Status.PENDING,
            lines=offer.lines,
            total=offer.total,
            currency=offer.currency,
            delivery_address=details.get("delivery_address"),
            comment=details.get("comment"),
            status_reason=None,
            version=1,
            created_at=now,
            updated_at=now,
        )
        order.changes.append(HistoryEntry(1, now, customer.name, None, Status.PENDING, None))
        return order, OrderPlaced(order)

    def is_visible_to(self, actor: Actor) -> bool:
        """That another person's order exists is private, and what its owner deleted is gone for them."""
        return actor.is_admin or (self.user_id == actor.user_id and self.deleted_at is None)

    def awaits_answer(self, version: int) -> bool:
        """Whether catalog's answer to `version` still matters: one that is late or comes again does not."""
        return self.status is Status.PENDING and self.version == version

    def reserve(self, now: datetime, hold: timedelta) -> DomainEvent:
        self.transition(Status.AWAITING_PAYMENT, CATALOG, now)
        self.reserved_until = now + hold
        return OrderReserved(self)

    def reject(self, shortages: Sequence[Shortage], now: datetime) -> DomainEvent:
        reason = describe(shortages, {line.product_id: line.name for line in self.lines})
        self.transition(Status.REJECTED, CATALOG, now, reason)
        self.status_reason = reason
        return OrderRejected(self)

    def cancel(self, actor: Actor, now: datetime) -> DomainEvent | None:
        """A paid order is refunded. Cancelling again changes nothing."""
        if self.status in (Status.CANCELLED, Status.REFUNDED):
            return None
        self.refuse_while_paying()
        if self.status is Status.PAID:
            return self.refund(actor.name, now)
        self.transition(Status.CANCELLED, actor.name, now)
        return OrderCancelled(self)

    def refund(self, actor: str, now: datetime) -> DomainEvent:
        """The money goes back as soon as the provider gives it; the order does not wait for that."""
        self.transition(Status.REFUNDED, actor, now)
        if self.payment is not None and self.payment.provider_reference is not None:
            self.payment.start_refund(self.payment.provider_reference, now)
        return OrderRefunded(self)

    def expire(self, now: datetime) -> DomainEvent | None:
        """If it is time for that, and nobody is just paying."""
        if self.reserved_until is None or self.reserved_until > now or self.is_being_paid:
            return None
        self.transition(Status.EXPIRED, TIMER, now, "not paid in time")
        return OrderExpired(self)

    def ship(self, actor: Actor, now: datetime) -> DomainEvent:
        self.transition(Status.SHIPPED, actor.name, now)
        return OrderShipped(self)

    def deliver(self, actor: Actor, now: datetime) -> DomainEvent:
        self.transition(Status.DELIVERED, actor.name, now)
        return OrderDelivered(self)

    def amend(self, actor: Actor, offer: PricedItems | None, details: Details, now: datetime) -> DomainEvent | None:
        """Before payment. New items, an `offer`, have to be reserved anew.

        A change of details alone is announced as well, though others learn nothing new from it: a pending order waits
        for the answer to its newest version.
        """
        if self.status not in BEFORE_PAYMENT:
            raise IllegalTransition(f"An order that is {self.status} can no longer be changed.")
        self.refuse_while_paying()
        address = details.get("delivery_address", self.delivery_address)
        comment = details.get("comment", self.comment)
        changed = [
            name
            for name, differs in (
                ("items", offer is not None and (offer.lines, offer.currency) != (self.lines, self.currency)),
                ("delivery address", address != self.delivery_address),
                ("comment", comment != self.comment),
            )
            if differs
        ]
        if not changed:
            return None
        self.delivery_address, self.comment = address, comment
        reason = f"{' and '.join(changed)} changed"
        if offer is None or "items" not in changed:
            self.record_change(self.status, actor.name, now, reason)
        else:
            self.lines, self.total, self.currency = offer.lines, offer.total, offer.currency
            self.record_change(Status.PENDING, actor.name, now, reason)
        return OrderAmended(self)

    def delete(self, actor: Actor, now: datetime) -> DomainEvent | None:
        """Hides it from its owner for good; an order that is still open is cancelled first."""
        if self.deleted_at is not None:
            return None
        fact = self.cancel(actor, now) if self.status in BEFORE_PAYMENT else None
        if self.status not in FINAL:
            raise OrderInProgress(f"The order is {self.status}; it can be deleted once it is delivered or refunded.")
        self.deleted_at = now
        self.record_change(self.status, actor.name, now, "deleted")
        return fact

    @property
    def is_being_paid(self) -> bool:
        return self.payment is not None and self.payment.is_open

    def refuse_while_paying(self) -> None:
        """Whoever comes while a payment is under way waits for its outcome, so that the two never contradict."""
        if self.is_being_paid:
            raise PaymentInProgress("A payment is under way; try again when its outcome is known.", retry_after=1)

    def transition(self, to: Status, actor: str, now: datetime, reason: str | None = None) -> None:
        if to not in ALLOWED_TRANSITIONS[self.status]:
            raise IllegalTransition(f"An order that is {self.status} cannot become {to}.")
        self.record_change(to, actor, now, reason)

    def record_change(self, to: Status, actor: str, now: datetime, reason: str | None) -> None:
        self.version += 1
        self.updated_at = now
        self.changes.append(HistoryEntry(self.version, now, actor, self.status, to, reason))
        self.status = to
        if to is not Status.AWAITING_PAYMENT:
            self.reserved_until = None
