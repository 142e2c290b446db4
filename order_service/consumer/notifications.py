"""Our own events, for the customers' mailboxes."""

from faststream.rabbit import RabbitRouter

from libs.consumers.subscriber import subscriber
from libs.contracts.orders import OrderEvent
from libs.contracts.topology import ORDER_NOTIFICATIONS
from order_service.consumer.dependencies import TheLetters, Uow
from order_service.domain.notices import Occasion
from order_service.domain.products import Line, Offer
from order_service.services.notifying import notify

router = RabbitRouter()


@subscriber(router, ORDER_NOTIFICATIONS, OrderEvent)
async def orders_changed(events: list[OrderEvent], uow: Uow, letters: TheLetters) -> None:
    await notify(uow, letters, *map(_occasion, events))


def _occasion(event: OrderEvent) -> Occasion:
    lines = tuple(Line(item.product_id, item.name, item.unit_price, item.quantity) for item in event.items)
    return Occasion(event.id, event.version, Offer(lines, event.currency))
