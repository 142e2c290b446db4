"""What every change of an order begins and ends with."""

from uuid import UUID

from order_service.domain.actor import Actor
from order_service.domain.events import DomainEvent
from order_service.domain.order import Order
from order_service.domain.ports import UnitOfWork
from order_service.exceptions import OrderNotFound


async def get_order_for(work: UnitOfWork, actor: Actor, order_id: UUID) -> Order:
    """Locked, if the actor may see it."""
    order = await work.orders.for_change(order_id)
    if order is None or not order.is_visible_to(actor):
        raise OrderNotFound(f"There is no order {order_id}.")
    return order


async def save_and_record(work: UnitOfWork, order: Order, fact: DomainEvent | None) -> None:
    await work.orders.save(order)
    if fact is not None:
        work.record(fact)
