"""The ports of the use cases, kept in dictionaries."""

import copy
import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Self
from uuid import UUID

from catalog_service.domain.category import Category
from catalog_service.domain.events import DomainEvent
from catalog_service.domain.ports import Categories, Products, Reservations, Stocks, UnitOfWork
from catalog_service.domain.product import Product
from catalog_service.domain.reservation import Reservation
from catalog_service.domain.stock import LedgerEntry, Stock
from catalog_service.domain.stock_allocation import StockLevel, StockMovement, StockSnapshot
from catalog_service.exceptions import CategoryNotEmpty, CategoryNotFound, ProductNotFound, SlugTaken


class FakeCategories:
    def __init__(self) -> None:
        self.rows: dict[UUID, Category] = {}

    async def lock_structure(self) -> None:
        pass

    async def add(self, category: Category) -> bool:
        if category.slug in {each.slug for each in self.rows.values()}:
            return False
        self.rows[category.id] = copy.copy(category)
        return True

    async def get(self, category_id: UUID) -> Category:
        try:
            return copy.copy(self.rows[category_id])
        except KeyError:
            raise CategoryNotFound(str(category_id)) from None

    for_change = get

    async def is_at_or_below(self, category_id: UUID, other_id: UUID) -> bool:
        here: UUID | None = category_id
        while here is not None:
            if here == other_id:
                return True
            here = self.rows[here].parent_id
        return False

    async def save(self, category: Category) -> None:
        if category.slug in {each.slug for each in self.rows.values() if each.id != category.id}:
            raise SlugTaken(category.slug)
        self.rows[category.id] = copy.copy(category)

    async def shift_below(self, category_id: UUID, levels: int, now: datetime) -> None:
        for each in self.rows.values():
            if each.id != category_id and await self.is_at_or_below(each.id, category_id):
                each.level += levels
                each.version += 1
                each.updated_at = now

    async def delete(self, category_id: UUID) -> None:
        if category_id in {each.parent_id for each in self.rows.values()}:
            raise CategoryNotEmpty(str(category_id))
        del self.rows[category_id]


class FakeProducts:
    def __init__(self) -> None:
        self.rows: dict[UUID, Product] = {}

    async def add(self, product: Product) -> bool:
        if product.slug in {each.slug for each in self.rows.values()}:
            return False
        self.rows[product.id] = copy.copy(product)
        return True

    async def for_change(self, product_id: UUID) -> Product:
        try:
            return copy.copy(self.rows[product_id])
        except KeyError:
            raise ProductNotFound(str(product_id)) from None

    async def save(self, product: Product) -> None:
        self.rows[product.id] = copy.copy(product)

    async def mark_deleted(self, product: Product) -> None:
        del self.rows[product.id]


class FakeStocks:
    def __init__(self) -> None:
        self.rows: dict[UUID, Stock] = {}
        self.hidden: set[UUID] = set()
        self.entries: list[LedgerEntry] = []

    async def add(self, stock: Stock) -> None:
        self.rows[stock.product_id] = copy.copy(stock)

    async def get(self, product_id: UUID) -> Stock:
        return copy.copy(self.rows[product_id])

    for_change = get

    async def save(self, stock: Stock) -> None:
        self.rows[stock.product_id] = copy.copy(stock)

    async def add_ledger_entry(self, entry: LedgerEntry) -> None:
        self.entries.append(entry)

    async def lock_levels(self, product_ids: Collection[UUID]) -> StockSnapshot:
        return StockSnapshot(
            {
                each: StockLevel(self.rows[each].on_hand, self.rows[each].reserved, each not in self.hidden)
                for each in product_ids
                if each in self.rows
            }
        )

    async def apply_movements(self, movements: Mapping[UUID, Sequence[StockMovement]], now: datetime) -> None:
        del now
        for movement in itertools.chain.from_iterable(movements.values()):
            stock = self.rows[movement.product_id]
            stock.on_hand += movement.on_hand
            stock.reserved += movement.reserved
            assert 0 <= stock.reserved <= stock.on_hand


class FakeReservations:
    def __init__(self) -> None:
        self.rows: dict[UUID, Reservation] = {}

    async def for_change(self, order_ids: Collection[UUID]) -> Mapping[UUID, Reservation]:
        return {each: copy.copy(self.rows.get(each, Reservation(each))) for each in order_ids}

    async def save(self, reservations: Sequence[Reservation]) -> None:
        self.rows |= {each.order_id: copy.copy(each) for each in reservations}


@dataclass
class _Transaction:
    categories: Categories
    products: Products
    stocks: Stocks
    reservations: Reservations
    facts: list[DomainEvent]

    def record(self, fact: DomainEvent) -> None:
        self.facts.append(fact)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass


@dataclass
class FakeUnitOfWork:
    """Begins transactions on its fakes. What others would be told of is in `facts`."""

    categories: FakeCategories = field(default_factory=FakeCategories)
    products: FakeProducts = field(default_factory=FakeProducts)
    stocks: FakeStocks = field(default_factory=FakeStocks)
    reservations: FakeReservations = field(default_factory=FakeReservations)
    facts: list[DomainEvent] = field(default_factory=list)

    def __call__(self) -> UnitOfWork:
        return _Transaction(self.categories, self.products, self.stocks, self.reservations, self.facts)
