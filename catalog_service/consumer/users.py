"""auth_service's users, for the replica."""

from faststream.rabbit import RabbitRouter

from catalog_service.consumer.dependencies import UsersDep
from catalog_service.domain.users import Tombstone, UserReplica
from catalog_service.services.user_replica import apply_user_events
from libs.consumers.subscriber import subscriber
from libs.contracts.auth import UserDeleted, UserEvent
from libs.contracts.topology import CATALOG_USERS

router = RabbitRouter()


@subscriber(router, CATALOG_USERS, UserEvent)
async def users_changed(events: list[UserEvent], users: UsersDep) -> None:
    await apply_user_events(users, *map(_user, events))


def _user(event: UserEvent) -> UserReplica | Tombstone:
    if isinstance(event, UserDeleted):
        return Tombstone(event.id, event.version)
    return UserReplica(event.id, event.username, event.role, event.is_active, event.version)
