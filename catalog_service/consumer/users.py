"""auth_service's users, for the replica."""

from faststream.rabbit import RabbitRouter

from catalog_service.consumer.dependencies import Users
from catalog_service.domain.users import GoneUser, KnownUser
from catalog_service.services.users import learn_users
from libs.consumers.subscriber import subscriber
from libs.contracts.auth import UserDeleted, UserEvent
from libs.contracts.topology import CATALOG_USERS

router = RabbitRouter()


@subscriber(router, CATALOG_USERS, UserEvent)
async def users_changed(events: list[UserEvent], users: Users) -> None:
    await learn_users(users, *map(_news, events))


def _news(event: UserEvent) -> KnownUser | GoneUser:
    if isinstance(event, UserDeleted):
        return GoneUser(event.id, event.version)
    return KnownUser(event.id, event.username, event.role, event.is_active, event.version)
