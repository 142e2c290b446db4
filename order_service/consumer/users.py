"""auth_service's users, for the replica."""

from faststream.rabbit import RabbitRouter

from libs.contracts.auth import UserDeleted, UserEvent
from libs.contracts.topology import ORDER_USERS
from libs.messaging.consumer import subscriber
from order_service.consumer.dependencies import Uow
from order_service.domain.people import Person
from order_service.services.replicas import forget_user, learn_user

router = RabbitRouter()


@subscriber(router, ORDER_USERS, UserEvent)
async def user_changed(event: UserEvent, uow: Uow) -> None:
    if isinstance(event, UserDeleted):
        await forget_user(uow, event.id, event.version)
    else:
        person = Person(event.id, event.username, event.email, event.role, event.is_active, event.version)
        await learn_user(uow, person)
