"""All events of the shop, for webhooks. What they get is the message as it came."""

from uuid import UUID

from faststream.rabbit import RabbitMessage, RabbitRouter

from libs.contracts.auth import UserEvent
from libs.contracts.base import Event
from libs.contracts.catalog import ProductEvent, StockEvent
from libs.contracts.orders import OrderEvent
from libs.contracts.topology import ORDER_WEBHOOKS_AUTH, ORDER_WEBHOOKS_CATALOG, ORDER_WEBHOOKS_ORDER
from libs.messaging.cloudevents import Envelope
from libs.messaging.consumer import subscriber
from order_service.consumer.dependencies import Uow
from order_service.domain.telling import Told
from order_service.services.telling import note

router = RabbitRouter()


@subscriber(router, ORDER_WEBHOOKS_AUTH, UserEvent)
async def user_told(event: UserEvent, message: RabbitMessage, uow: Uow) -> None:
    await _note(event, message, uow)


@subscriber(router, ORDER_WEBHOOKS_CATALOG, ProductEvent | StockEvent)
async def catalog_told(event: ProductEvent | StockEvent, message: RabbitMessage, uow: Uow) -> None:
    await _note(event, message, uow)


@subscriber(router, ORDER_WEBHOOKS_ORDER, OrderEvent)
async def order_told(event: OrderEvent, message: RabbitMessage, uow: Uow) -> None:
    await _note(event, message, uow)


async def _note(event: Event, message: RabbitMessage, uow: Uow) -> None:
    envelope = Envelope.decode(message.body)
    told = Told(UUID(envelope.id), event.type, event.subject, event.sequence, message.body.decode())
    await note(uow, told, envelope.time)
