"""auth_service's users, for the replica."""

from faststream.rabbit import RabbitRouter

from libs.consumers.subscriber import subscriber
from libs.contracts.auth import UserDeleted, UserEvent
from libs.contracts.topology import ORDER_USERS
from order_service.consumer.dependencies import UowDep
from order_service.domain.tombstone import Tombstone
from order_service.domain.user_replica import UserReplica
from order_service.services.replicas import apply_user_events

router = RabbitRouter()


@subscriber(router, ORDER_USERS, UserEvent)
async def users_changed(events: list[UserEvent], uow: UowDep) -> None:
    await apply_user_events(uow, *map(_news, events))


def _news(event: UserEvent) -> UserReplica | Tombstone:
    if isinstance(event, UserDeleted):
        return Tombstone(event.id, event.version)
    return UserReplica(event.id, event.username, event.email, event.role, event.is_active, event.version)
