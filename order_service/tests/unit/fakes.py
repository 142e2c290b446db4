"""Our own ports, in memory."""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import Self
from uuid import UUID

from order_service.domain.cart import Cart
from order_service.domain.events import DomainEvent
from order_service.domain.order import HistoryEntry, Order
from order_service.domain.payment import POLL_BACKOFF, Captured, Declined, Outcome, Payment, Refunded
from order_service.domain.products import Product
from order_service.domain.status import Status
from order_service.domain.tombstone import Tombstone
from order_service.domain.user_replica import UserReplica
from order_service.exceptions import CatalogUnavailable, OrderExists


@dataclass
class FakeOrders:
    stored: dict[UUID, Order] = field(default_factory=dict)
    history: list[HistoryEntry] = field(default_factory=list)
    histories: dict[UUID, tuple[HistoryEntry, ...]] = field(default_factory=dict)

    async def add(self, order: Order) -> None:
        if order.id in self.stored:
            raise OrderExists("taken")
        await self.save(order)

    async def for_change(self, order_id: UUID) -> Order | None:
        return (await self.all_for_change([order_id])).get(order_id)

    async def all_for_change(self, order_ids: Collection[UUID]) -> Mapping[UUID, Order]:
        return {each: _as_read(self.stored[each]) for each in order_ids if each in self.stored}

    async def save(self, *orders: Order) -> None:
        for order in orders:
            if order.changes:
                self.stored[order.id] = order
                self.history += order.changes
                self.histories[order.id] = (*self.histories.get(order.id, ()), *order.changes)

    async def replace_lines(self, order: Order) -> None:
        self.stored[order.id] = order

    async def due(self, now: datetime, limit: int) -> Sequence[UUID]:
        orders = self.stored.values()
        return [each.id for each in orders if each.reserved_until is not None and each.reserved_until <= now][:limit]

    async def unanswered(self, before: datetime, now: datetime, limit: int) -> Sequence[UUID]:
        del now
        orders = self.stored.values()
        return [each.id for each in orders if each.status is Status.PENDING and each.updated_at < before][:limit]


def _as_read(stored: Order) -> Order:
    return replace(stored, payment=copy(stored.payment), changes=[])


@dataclass
class FakePayments:
    stored: dict[UUID, Payment] = field(default_factory=dict)

    async def add(self, payment: Payment) -> None:
        assert payment.id not in self.stored
        self.stored[payment.id] = payment

    async def save(self, payment: Payment) -> None:
        self.stored[payment.id] = payment

    async def find(self, payment_id: UUID) -> Payment | None:
        found = self.stored.get(payment_id)
        return None if found is None else copy(found)

    async def claim(self, now: datetime) -> UUID | None:
        due = [each for each in self.stored.values() if each.due_at is not None and each.due_at <= now]
        if not due:
            return None
        due[0].attempts += 1
        due[0].due_at = now + POLL_BACKOFF.after(due[0].attempts)
        return due[0].id


class FakeProcessedCallbacks:
    def __init__(self) -> None:
        self.ids: set[str] = set()

    async def has(self, message_id: str) -> bool:
        return message_id in self.ids

    async def add(self, message_id: str, now: datetime) -> None:
        del now
        self.ids.add(message_id)


@dataclass
class FakeProvider:
    """Charges once for one payment. Set `fault` to what its next answers shall be instead."""

    charged: dict[UUID, Outcome] = field(default_factory=dict)
    captures: int = 0
    fault: Exception | None = None
    declines: bool = False

    async def charge(self, payment: Payment) -> Captured | Declined:
        self._answer()
        if payment.id not in self.charged:
            self.captures += not self.declines
            self.charged[payment.id] = Declined("no money") if self.declines else Captured(f"ref-{payment.id}")
        outcome = self.charged[payment.id]
        assert isinstance(outcome, Captured | Declined)
        return outcome

    async def look_up(self, payment: Payment) -> Outcome | None:
        self._answer()
        return self.charged.get(payment.id)

    async def refund(self, payment: Payment) -> None:
        self._answer()
        assert payment.provider_reference is not None
        self.charged[payment.id] = Refunded(payment.provider_reference)

    def _answer(self) -> None:
        if self.fault is not None:
            raise self.fault


@dataclass
class FakeProductReplicaStore:
    """The replica as the writing side and the reading side of it."""

    stored: dict[UUID, Product | None] = field(default_factory=dict)
    versions: dict[UUID, int] = field(default_factory=dict)

    async def apply(self, news: Sequence[Product | Tombstone], now: datetime) -> None:
        del now
        for each in news:
            if self.versions.get(each.id, 0) < each.version:
                self.stored[each.id] = None if isinstance(each, Tombstone) else each
                self.versions[each.id] = each.version

    async def known(self, product_ids: Collection[UUID]) -> Mapping[UUID, Product | None]:
        return {product_id: self.stored[product_id] for product_id in product_ids if product_id in self.stored}


@dataclass
class FakeCarts:
    """Also the reading side of carts."""

    products: FakeProductReplicaStore
    stored: dict[UUID, Cart] = field(default_factory=dict)

    async def of(self, user_id: UUID) -> Cart:
        kept = self.stored.get(user_id, Cart(user_id))
        lines = {each: replace(line, product=self.products.stored.get(each)) for each, line in kept.lines.items()}
        return replace(kept, lines=lines)

    async def for_change(self, user_id: UUID) -> Cart:
        return await self.of(user_id)

    async def save(self, cart: Cart) -> None:
        assert cart.version == (await self.of(cart.user_id)).version + 1
        self.stored[cart.user_id] = cart

    async def forget(self, user_ids: Sequence[UUID]) -> None:
        for user_id in user_ids:
            self.stored.pop(user_id, None)


class FakeUserReplicaStore:
    async def apply(self, news: Sequence[UserReplica | Tombstone], now: datetime) -> None:
        raise NotImplementedError


class FakeUnitOfWork:
    """Is its own factory. `facts` are what was recorded in transactions that committed."""

    def __init__(self, *orders: Order) -> None:
        self.orders = FakeOrders({order.id: order for order in orders})
        self.payments = FakePayments({order.payment.id: order.payment for order in orders if order.payment})
        self.seen_messages = FakeProcessedCallbacks()
        self.products = FakeProductReplicaStore()
        self.carts = FakeCarts(self.products)
        self.users = FakeUserReplicaStore()
        self.facts: list[DomainEvent] = []
        self.is_open = False
        self._recorded: list[DomainEvent] = []

    def __call__(self) -> Self:
        return self

    def record(self, fact: DomainEvent) -> None:
        self._recorded.append(fact)

    def republish(self, fact: DomainEvent) -> None:
        self._recorded.append(fact)

    async def __aenter__(self) -> Self:
        assert not self.is_open
        self.is_open = True
        self._carts_before = dict(self.carts.stored)
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.is_open = False
        if error_type is None:
            self.facts += self._recorded
        else:
            self.carts.stored = self._carts_before
        self._recorded = []


@dataclass
class FakeCatalog:
    """Asked for products, it also notes that no transaction was open meanwhile."""

    work: FakeUnitOfWork
    products: dict[UUID, Product] = field(default_factory=dict)
    asked: list[set[UUID]] = field(default_factory=list)
    is_away: bool = False

    async def fetch(self, product_ids: Collection[UUID]) -> Sequence[Product]:
        assert not self.work.is_open
        self.asked.append(set(product_ids))
        if self.is_away:
            raise CatalogUnavailable("away")
        return [self.products[product_id] for product_id in product_ids if product_id in self.products]
