"""Our own ports, in memory."""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Self
from uuid import UUID

from order_service.domain.facts import Fact
from order_service.domain.order import Change, Order
from order_service.domain.people import Person
from order_service.domain.products import Product
from order_service.exceptions import CatalogUnavailable


@dataclass
class FakeOrders:
    stored: dict[UUID, Order] = field(default_factory=dict)
    history: list[Change] = field(default_factory=list)

    async def add(self, order: Order) -> None:
        await self.save(order)

    async def for_change(self, order_id: UUID) -> Order | None:
        found = self.stored.get(order_id)
        if found is None:
            return None
        order = copy(found)
        order.changes = []
        return order

    async def save(self, order: Order) -> None:
        self.stored[order.id] = order
        self.history += order.changes


@dataclass
class FakeReplicaOfProducts:
    """The replica as the writing side and the reading side of it."""

    stored: dict[UUID, Product | None] = field(default_factory=dict)
    versions: dict[UUID, int] = field(default_factory=dict)

    async def learn(self, product: Product) -> None:
        if self.versions.get(product.id, 0) < product.version:
            self.stored[product.id] = product
            self.versions[product.id] = product.version

    async def forget(self, product_id: UUID, version: int, now: datetime) -> None:
        del now
        if self.versions.get(product_id, 0) < version:
            self.stored[product_id] = None
            self.versions[product_id] = version

    async def known(self, product_ids: Collection[UUID]) -> Mapping[UUID, Product | None]:
        return {product_id: self.stored[product_id] for product_id in product_ids if product_id in self.stored}


class FakeReplicaOfUsers:
    async def learn(self, person: Person) -> None:
        raise NotImplementedError

    async def forget(self, user_id: UUID, version: int, now: datetime) -> None:
        raise NotImplementedError


class FakeUnitOfWork:
    """Is its own factory. `facts` are what was recorded in transactions that committed."""

    def __init__(self, *orders: Order) -> None:
        self.orders = FakeOrders({order.id: order for order in orders})
        self.products = FakeReplicaOfProducts()
        self.users = FakeReplicaOfUsers()
        self.facts: list[Fact] = []
        self.is_open = False
        self._recorded: list[Fact] = []

    def __call__(self) -> Self:
        return self

    def record(self, fact: Fact) -> None:
        self._recorded.append(fact)

    async def __aenter__(self) -> Self:
        assert not self.is_open
        self.is_open = True
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
