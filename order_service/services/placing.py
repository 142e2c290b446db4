"""Placing an order."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from libs.process.ids import new_id
from order_service.domain.actor import Actor
from order_service.domain.order import Details, Order
from order_service.domain.ports import KnownProducts, ProductSource, UnitOfWorkFactory
from order_service.domain.products import Product, price


@dataclass(frozen=True, slots=True)
class Placing:
    uow: UnitOfWorkFactory
    products: KnownProducts
    source: ProductSource

    async def place(self, customer: Actor, wanted: Mapping[UUID, int], details: Details) -> Order:
        known = await self._known(wanted.keys())
        offer = price(wanted, known)
        async with self.uow() as work:
            order, fact = Order.place(new_id(), customer, offer, details, datetime.now(UTC))
            await work.orders.add(order)
            work.record(fact)
        return order

    async def _known(self, product_ids: Collection[UUID]) -> Mapping[UUID, Product | None]:
        """The replica's products. One that it never heard of may be new, its event under way: catalog is asked."""
        known = await self.products.known(product_ids)
        unheard = [product_id for product_id in product_ids if product_id not in known]
        if not unheard:
            return known
        # Outside of any transaction, which would keep a connection waiting for another service.
        fetched = await self.source.fetch(unheard)
        if not fetched:
            return known
        async with self.uow() as work:
            for product in sorted(fetched, key=lambda each: each.id):
                await work.products.learn(product)
        # Read again: meanwhile the replica may have heard of a newer version.
        return await self.products.known(product_ids)
