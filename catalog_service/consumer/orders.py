"""order_service's orders, which stock follows."""

from collections import Counter
from uuid import UUID

from faststream.rabbit import RabbitRouter

from catalog_service.consumer.dependencies import UowDep
from catalog_service.domain.reservation import OrderSnapshot
from catalog_service.services.reserve_stock import reserve_stock_for_orders
from libs.consumers.subscriber import subscriber
from libs.contracts.orders import OrderEvent
from libs.contracts.topology import CATALOG_ORDERS

router = RabbitRouter()


@subscriber(router, CATALOG_ORDERS, OrderEvent)
async def orders_changed(events: list[OrderEvent], uow: UowDep) -> None:
    await reserve_stock_for_orders(uow, *map(_order, events))


def _order(event: OrderEvent) -> OrderSnapshot:
    lines: Counter[UUID] = Counter()
    for item in event.items:
        lines[item.product_id] += item.quantity
    return OrderSnapshot(event.id, event.version, event.status, lines)
