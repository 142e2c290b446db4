"""The order: its lines, its status, and the rules of changing it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Self, TypedDict
from uuid import UUID

from order_service.domain.actor import CATALOG, Actor
from order_service.domain.facts import (
    Fact,
    OrderAmended,
    OrderCancelled,
    OrderDelivered,
    OrderPlaced,
    OrderRejected,
    OrderReserved,
    OrderShipped,
)
from order_service.domain.products import Line, Offer
from order_service.domain.shortages import Shortage, describe
from order_service.domain.status import BEFORE_PAYMENT, FINAL, FOLLOWING, Status
from order_service.exceptions import IllegalTransition, OrderInProgress


class Details(TypedDict, total=False):
    """What the owner may change before payment; what is absent stays."""

    delivery_address: str | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class Change:
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
    deleted_at: datetime | None = None
    changes: list[Change] = field(default_factory=list)
    """What has happened since it was read, for the history."""

    @classmethod
    def place(cls, order_id: UUID, customer: Actor, offer: Offer, details: Details, now: datetime) -> tuple[Self, Fact]:
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
        order.changes.append(Change(1, now, customer.name, None, Status.PENDING, None))
        return order, OrderPlaced(order)

    def is_visible_to(self, actor: Actor) -> bool:
        """That another person's order exists is private, and what its owner deleted is gone for them."""
        return actor.is_admin or (self.user_id == actor.user_id and self.deleted_at is None)

    def awaits_answer(self, version: int) -> bool:
        """Whether catalog's answer to `version` still matters: one that is late or comes again does not."""
        return self.status is Status.PENDING and self.version == version

    def reserve(self, now: datetime) -> Fact:
        self._move(Status.AWAITING_PAYMENT, CATALOG, now)
        return OrderReserved(self)

    def reject(self, shortages: Sequence[Shortage], now: datetime) -> Fact:
        reason = describe(shortages, {line.product_id: line.name for line in self.lines})
        self._move(Status.REJECTED, CATALOG, now, reason)
        self.status_reason = reason
        return OrderRejected(self)

    def cancel(self, actor: Actor, now: datetime) -> Fact | None:
        """Cancelling again changes nothing."""
        if self.status is Status.CANCELLED:
            return None
        self._move(Status.CANCELLED, actor.name, now)
        return OrderCancelled(self)

    def ship(self, actor: Actor, now: datetime) -> Fact:
        self._move(Status.SHIPPED, actor.name, now)
        return OrderShipped(self)

    def deliver(self, actor: Actor, now: datetime) -> Fact:
        self._move(Status.DELIVERED, actor.name, now)
        return OrderDelivered(self)

    def change_details(self, actor: Actor, details: Details, now: datetime) -> Fact | None:
        """Announced, though others learn nothing new: a pending order waits for the answer to its newest version."""
        if self.status not in BEFORE_PAYMENT:
            raise IllegalTransition(f"An order that is {self.status} can no longer be changed.")
        address = details.get("delivery_address", self.delivery_address)
        comment = details.get("comment", self.comment)
        changed = [
            name
            for name, differs in (
                ("delivery address", address != self.delivery_address),
                ("comment", comment != self.comment),
            )
            if differs
        ]
        if not changed:
            return None
        self.delivery_address, self.comment = address, comment
        self._note(self.status, actor.name, now, f"{' and '.join(changed)} changed")
        return OrderAmended(self)

    def delete(self, actor: Actor, now: datetime) -> Fact | None:
        """Hides it from its owner for good; an order that is still open is cancelled first."""
        if self.deleted_at is not None:
            return None
        fact = self.cancel(actor, now) if self.status in BEFORE_PAYMENT else None
        if self.status not in FINAL:
            raise OrderInProgress(f"The order is {self.status}; it can be deleted once it is delivered or refunded.")
        self.deleted_at = now
        self._note(self.status, actor.name, now, "deleted")
        return fact

    def _move(self, to: Status, actor: str, now: datetime, reason: str | None = None) -> None:
        if to not in FOLLOWING[self.status]:
            raise IllegalTransition(f"An order that is {self.status} cannot become {to}.")
        self._note(to, actor, now, reason)

    def _note(self, to: Status, actor: str, now: datetime, reason: str | None) -> None:
        self.version += 1
        self.updated_at = now
        self.changes.append(Change(self.version, now, actor, self.status, to, reason))
        self.status = to
