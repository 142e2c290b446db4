"""What tests of orders are made from."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from libs.process.ids import new_id
from order_service.domain.actor import Actor
from order_service.domain.events import DomainEvent
from order_service.domain.order import Details, Order
from order_service.domain.ports import UnitOfWorkFactory
from order_service.domain.products import PricedItems, Product, price_items
from order_service.domain.status import Status

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
HOLD = timedelta(minutes=15)


def a_customer() -> Actor:
    return Actor(new_id(), "ada", is_admin=False)


def an_admin() -> Actor:
    return Actor(new_id(), "root", is_admin=True)


def a_product(
    name: str = "Desk lamp",
    amount: str = "19.99",
    *,
    product_id: UUID | None = None,
    currency: str = "EUR",
    is_active: bool = True,
    version: int = 1,
) -> Product:
    return Product(product_id or new_id(), name, Decimal(amount), currency, is_active, version)


def an_offer(*lines: tuple[Product, int]) -> PricedItems:
    lines = lines or ((a_product(), 2),)
    return price_items(
        {product.id: quantity for product, quantity in lines}, {product.id: product for product, _ in lines}
    )


def an_order(
    customer: Actor | None = None, *, offer: PricedItems | None = None, details: Details | None = None
) -> Order:
    """Pending, and as read from the database: nothing has happened to it since."""
    order, _ = Order.place(new_id(), customer or a_customer(), offer or an_offer(), details or {}, NOW)
    order.changes.clear()
    return order


def an_order_that_is(status: Status, customer: Actor | None = None) -> Order:
    order = an_order(customer)
    order.status = status
    if status is Status.AWAITING_PAYMENT:
        order.reserved_until = NOW + HOLD
    return order


@dataclass
class PlacementIn:
    """In a transaction, with whatever that is made to suffer."""

    uow: UnitOfWorkFactory

    async def place(self, order: Order, fact: DomainEvent) -> None:
        async with self.uow() as work:
            await work.orders.add(order)
            work.record(fact)
