"""What the use cases need from outside, as contracts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol, Self
from uuid import UUID

from order_service.domain.actor import Actor
from order_service.domain.cart import Cart
from order_service.domain.events import DomainEvent
from order_service.domain.order import Order
from order_service.domain.payment import Payment
from order_service.domain.products import Product
from order_service.domain.status import Status
from order_service.domain.tombstone import Tombstone
from order_service.domain.user_replica import UserReplica


class Orders(Protocol):
    async def add(self, order: Order) -> None:
        """Stores a new order, its lines and its first entry of history. Raises `OrderExists`."""

    async def for_change(self, order_id: UUID) -> Order | None:
        """Locked until the transaction ends. Raises `OrderBusy` where it is not to be had for too long."""

    async def all_for_change(self, order_ids: Collection[UUID]) -> Mapping[UUID, Order]:
        """The same for those of them that there are. Two who want the same ones never wait for each other."""

    async def save(self, *orders: Order) -> None:
        """Stores what their `changes` tell of, and these as history. Without any it does nothing."""

    async def replace_lines(self, order: Order) -> None: ...

    async def due(self, now: datetime, limit: int) -> Sequence[UUID]:
        """Orders whose stock is not held any longer than now and that nobody is just paying, the longest due first."""

    async def unanswered(self, before: datetime, now: datetime, limit: int) -> Sequence[UUID]:
        """Pending orders last announced `before`. They count as announced `now`, so that one timer gets each."""


class OrderWriter(Protocol):
    """The shortest way for a new order, with nothing to read or to lock on it: it is stored and told of, or neither."""

    async def place(self, order: Order, fact: DomainEvent) -> None:
        """Raises `OrderExists`."""


class Carts(Protocol):
    async def for_change(self, user_id: UUID) -> Cart:
        """Locked until the transaction ends. Everybody has one, be it empty."""

    async def save(self, cart: Cart) -> None:
        """Stores one change."""

    async def forget(self, user_ids: Sequence[UUID]) -> None: ...


class Payments(Protocol):
    """Written only by who has locked the payment's order."""

    async def add(self, payment: Payment) -> None: ...

    async def save(self, payment: Payment) -> None: ...

    async def find(self, payment_id: UUID) -> Payment | None: ...

    async def claim(self, now: datetime) -> UUID | None:
        """A payment whose provider is to be asked. No other worker gets it within the delay of `POLL_BACKOFF`."""


class ProcessedCallbacks(Protocol):
    """Which messages of the payment provider were handled."""

    async def has(self, message_id: str) -> bool: ...

    async def add(self, message_id: str, now: datetime) -> None: ...


class ProductReplicaStore(Protocol):
    """Keeps, of each product, the newest version that it has been told of."""

    async def apply(self, news: Sequence[Product | Tombstone], now: datetime) -> None:
        """In any order. What is told of an older version does not bring back a product that is gone."""


class UserReplicaStore(Protocol):
    """The same for users."""

    async def apply(self, news: Sequence[UserReplica | Tombstone], now: datetime) -> None: ...


class UnitOfWork(Protocol):
    @property
    def orders(self) -> Orders: ...

    @property
    def carts(self) -> Carts: ...

    @property
    def payments(self) -> Payments: ...

    @property
    def seen_messages(self) -> ProcessedCallbacks: ...

    @property
    def users(self) -> UserReplicaStore: ...

    def record(self, fact: DomainEvent) -> None:
        """Has others told of the fact if, and only if, the transaction commits."""

    def republish(self, fact: DomainEvent) -> None:
        """The same for a fact that they were told of before."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class UnitOfWorkFactory(Protocol):
    def __call__(self) -> UnitOfWork: ...


class ProductReplicaReader(Protocol):
    async def known(self, product_ids: Collection[UUID]) -> Mapping[UUID, Product | None]:
        """What the replica has: None for a product that is gone, no entry for one never heard of."""


class ProductSource(Protocol):
    async def fetch(self, product_ids: Collection[UUID]) -> Sequence[Product]:
        """Asks the catalog itself; it has no others of these. Raises `CatalogUnavailable`."""


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders a list has. None: whatever it is; both moments are included."""

    user_id: UUID | None
    with_deleted: bool
    status: Status | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


Row = dict[str, Any]


class OrderReads(Protocol):
    """Orders as rows, for showing. A `viewer` finds only what they may see; the rest raises `OrderNotFound`."""

    async def one(self, order_id: UUID, viewer: Actor) -> Row: ...

    async def page(self, wanted: OrderFilter, limit: int, after: tuple[datetime, UUID] | None) -> Sequence[Row]:
        """Newest first; `after` is `created_at` and `id` of the last one seen."""

    async def count(self, wanted: OrderFilter) -> int: ...

    async def history(self, order_id: UUID, viewer: Actor, limit: int, after: int) -> Sequence[Row]:
        """Oldest first; `after` is the last version seen."""

    async def count_history(self, order_id: UUID) -> int: ...


class CartReads(Protocol):
    async def of(self, user_id: UUID) -> Cart: ...
