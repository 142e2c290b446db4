"""Placing an order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from libs.errors import DomainError
from libs.process.ids import new_id
from order_service.domain.actor import Actor
from order_service.domain.order import Details, Order
from order_service.domain.ports import OrderWriter, UnitOfWorkFactory
from order_service.services.product_pricing import ProductPricing


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    uow: UnitOfWorkFactory
    pricing: ProductPricing
    placement: OrderWriter

    async def place(
        self,
        customer: Actor,
        wanted: Mapping[UUID, int] | None,
        details: Details,
        order_id: UUID | None = None,
    ) -> Order:
        """An order of what is wanted, or else of the customer's cart, which is emptied.

        However often it is called with one `order_id`, there is one order, and each call returns it.
        """
        try:
            return await self._place(customer, wanted, details, order_id or new_id())
        except DomainError:
            # What stands in the way may be the order itself: its id is taken, the cart emptied into it.
            order = None if order_id is None else await self._placed(customer, order_id)
            if order is None:
                raise
            return order

    async def _place(
        self, customer: Actor, wanted: Mapping[UUID, int] | None, details: Details, order_id: UUID
    ) -> Order:
        if wanted is not None:
            offer = await self.pricing.price(wanted)
            order, fact = Order.place(order_id, customer, offer, details, datetime.now(UTC))
            await self.placement.place(order, fact)
            return order
        async with self.uow() as work:
            cart = await work.carts.for_change(customer.user_id)
            offer = cart.check_out()
            await work.carts.save(cart)
            order, fact = Order.place(order_id, customer, offer, details, datetime.now(UTC))
            await work.orders.add(order)
            work.record(fact)
        return order

    async def _placed(self, customer: Actor, order_id: UUID) -> Order | None:
        async with self.uow() as work:
            order = await work.orders.for_change(order_id)
        return order if order is not None and order.user_id == customer.user_id else None
