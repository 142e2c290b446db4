"""auth_service's users, for the replica."""

from faststream.rabbit import RabbitRouter

from libs.consumers.subscriber import subscriber
from libs.contracts.auth import UserDeleted, UserEvent
from libs.contracts.topology import ORDER_USERS
from order_service.consumer.dependencies import Uow
from order_service.domain.gone import Gone
from order_service.domain.people import Person
from order_service.services.replicas import learn_users

router = RabbitRouter()


@subscriber(router, ORDER_USERS, UserEvent)
async def users_changed(events: list[UserEvent], uow: Uow) -> None:
    await learn_users(uow, *map(_news, events))


def _news(event: UserEvent) -> Person | Gone:
    if isinstance(event, UserDeleted):
        return Gone(event.id, event.version)
    return Person(event.id, event.username, event.email, event.role, event.is_active, event.version)
