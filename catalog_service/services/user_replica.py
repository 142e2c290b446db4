"""Following auth_service's users. Any number of news costs as much as one."""

from datetime import UTC, datetime

from catalog_service.domain.ports import UserReplicaStore
from catalog_service.domain.users import Tombstone, UserReplica


async def apply_user_events(replica: UserReplicaStore, *news: UserReplica | Tombstone) -> None:
    await replica.apply(news, datetime.now(UTC))
