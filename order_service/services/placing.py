"""Placing an order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from libs.process.ids import new_id
from order_service.domain.actor import Actor
from order_service.domain.order import Details, Order
from order_service.domain.ports import UnitOfWorkFactory
from order_service.services.pricing import Pricing


@dataclass(frozen=True, slots=True)
class Placing:
    uow: UnitOfWorkFactory
    pricing: Pricing

    async def place(self, customer: Actor, wanted: Mapping[UUID, int], details: Details) -> Order:
        offer = await self.pricing.offer(wanted)
        async with self.uow() as work:
            order, fact = Order.place(new_id(), customer, offer, details, datetime.now(UTC))
            await work.orders.add(order)
            work.record(fact)
        return order
