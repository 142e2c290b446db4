"""What the use cases need from outside, as contracts."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from catalog_service.domain.category import Category
from catalog_service.domain.events import DomainEvent
from catalog_service.domain.product import Product
from catalog_service.domain.reservation import Reservation
from catalog_service.domain.stock import LedgerEntry, Stock
from catalog_service.domain.stock_allocation import StockMovement, StockSnapshot
from catalog_service.domain.users import Tombstone, UserReplica


class Categories(Protocol):
    async def lock_structure(self) -> None:
        """Until the transaction ends nobody else makes, moves or deletes a category. Take it before anything else."""

    async def add(self, category: Category) -> bool:
        """False if its slug is taken. Raises `CategoryNameTaken`."""

    async def get(self, category_id: UUID) -> Category:
        """Raises `CategoryNotFound`."""

    async def for_change(self, category_id: UUID) -> Category:
        """The same, locked until the transaction ends."""

    async def is_at_or_below(self, category_id: UUID, other_id: UUID) -> bool: ...

    async def save(self, category: Category) -> None:
        """Raises `SlugTaken`, `CategoryNameTaken`."""

    async def shift_below(self, category_id: UUID, levels: int, now: datetime) -> None:
        """Moves the levels of everything below the category; each of these gets a new version."""

    async def delete(self, category_id: UUID) -> None:
        """Raises `CategoryNotEmpty`."""


class Products(Protocol):
    async def add(self, product: Product) -> bool:
        """False if its slug is taken. Raises `SkuTaken`, `CategoryNotFound`."""

    async def for_change(self, product_id: UUID) -> Product:
        """Locked until the transaction ends. Raises `ProductNotFound`."""

    async def save(self, product: Product) -> None:
        """Raises `SlugTaken`, `SkuTaken`, `CategoryNotFound`."""

    async def mark_deleted(self, product: Product) -> None:
        """Keeps it as a tombstone alone; its slug and SKU are free again."""


class Stocks(Protocol):
    async def add(self, stock: Stock) -> None: ...

    async def get(self, product_id: UUID) -> Stock: ...

    async def for_change(self, product_id: UUID) -> Stock:
        """Locked until the transaction ends. Raises `ProductNotFound`, also for a deleted product."""

    async def save(self, stock: Stock) -> None: ...

    async def add_ledger_entry(self, entry: LedgerEntry) -> None: ...

    async def lock_levels(self, product_ids: Collection[UUID]) -> StockSnapshot:
        """Those of the products that ever existed, locked in the order of their ids."""

    async def apply_movements(self, movements: Mapping[UUID, Sequence[StockMovement]], now: datetime) -> None:
        """By order, one after the other. Each movement is a version of its stock, and if it changes what is on hand it
        is entered into the ledger as the order's.
        """


class Reservations(Protocol):
    async def for_change(self, order_ids: Collection[UUID]) -> Mapping[UUID, Reservation]:
        """Each order's, or a new one at version 0; locked in the order of their ids until the transaction ends."""

    async def save(self, reservations: Sequence[Reservation]) -> None: ...


class UserReplicaStore(Protocol):
    """Keeps, of each user, the newest version that it has been told of."""

    async def apply(self, news: Sequence[UserReplica | Tombstone], now: datetime) -> None:
        """In any order. What is told of an older version does not bring back a user who is gone."""


class UnitOfWork(Protocol):
    categories: Categories
    products: Products
    stocks: Stocks
    reservations: Reservations

    def record(self, fact: DomainEvent) -> None:
        """Has others told of the fact if, and only if, the transaction commits."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class UnitOfWorkFactory(Protocol):
    def __call__(self) -> UnitOfWork: ...
