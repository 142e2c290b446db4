"""All events of the shop, for webhooks. What they get is the message as it came."""

from uuid import UUID

from faststream.rabbit import RabbitRouter

from libs.contracts.auth import UserEvent
from libs.contracts.catalog import ProductEvent, StockEvent
from libs.contracts.orders import OrderEvent
from libs.contracts.topology import ORDER_WEBHOOKS_AUTH, ORDER_WEBHOOKS_CATALOG, ORDER_WEBHOOKS_ORDER
from libs.messaging.consumer import subscriber
from libs.messaging.reading import Read
from order_service.consumer.dependencies import Uow
from order_service.domain.telling import Told
from order_service.services.telling import note

router = RabbitRouter()


@subscriber(router, ORDER_WEBHOOKS_AUTH, UserEvent, whole=True)
async def users_told(messages: list[Read], uow: Uow) -> None:
    await _note(messages, uow)


@subscriber(router, ORDER_WEBHOOKS_CATALOG, ProductEvent | StockEvent, whole=True)
async def catalog_told(messages: list[Read], uow: Uow) -> None:
    await _note(messages, uow)


@subscriber(router, ORDER_WEBHOOKS_ORDER, OrderEvent, whole=True)
async def orders_told(messages: list[Read], uow: Uow) -> None:
    await _note(messages, uow)


async def _note(messages: list[Read], uow: Uow) -> None:
    await note(uow, *((_told(each), each.happened_at) for each in messages))


def _told(message: Read) -> Told:
    event = message.event
    return Told(UUID(message.id), event.type, event.subject, event.sequence, message.body.decode())
