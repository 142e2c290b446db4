"""auth_service's users, for the replica."""

from faststream.rabbit import RabbitRouter

from catalog_service.consumer.dependencies import Uow
from catalog_service.domain.users import KnownUser
from catalog_service.services.users import forget_user, learn_user
from libs.contracts.auth import UserDeleted, UserEvent
from libs.contracts.topology import CATALOG_USERS
from libs.messaging.consumer import subscriber

router = RabbitRouter()


@subscriber(router, CATALOG_USERS, UserEvent)
async def user_changed(event: UserEvent, uow: Uow) -> None:
    if isinstance(event, UserDeleted):
        await forget_user(uow, event.id, event.version)
    else:
        await learn_user(uow, KnownUser(event.id, event.username, event.role, event.is_active, event.version))
