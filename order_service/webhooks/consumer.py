"""All events of the shop, for webhooks. Receivers get each message as it was published."""

from typing import Annotated
from uuid import UUID

from faststream.rabbit import RabbitRouter

from libs.consumers.inject import Inject
from libs.consumers.message import IncomingEvent
from libs.consumers.subscriber import subscriber
from libs.contracts.auth import UserEvent
from libs.contracts.catalog import ProductEvent, StockEvent
from libs.contracts.orders import OrderEvent
from libs.contracts.topology import ORDER_WEBHOOKS
from order_service.webhooks.delivery import WebhookEvent
from order_service.webhooks.ports import UnitOfWorkFactory
from order_service.webhooks.service import fan_out

Uow = Annotated[UnitOfWorkFactory, Inject("uow")]
router = RabbitRouter()


@subscriber(router, ORDER_WEBHOOKS, UserEvent | ProductEvent | StockEvent | OrderEvent, whole=True)
async def on_event(messages: list[IncomingEvent], uow: Uow) -> None:
    await fan_out(uow, *((_webhook_event(each), each.occurred_at) for each in messages))


def _webhook_event(message: IncomingEvent) -> WebhookEvent:
    event = message.event
    return WebhookEvent(UUID(message.id), event.type, event.subject, event.sequence, message.body.decode())
