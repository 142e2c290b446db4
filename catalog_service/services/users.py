"""Following auth_service's users. Any number of news costs as much as one."""

from datetime import UTC, datetime

from catalog_service.domain.ports import ReplicaOfUsers
from catalog_service.domain.users import GoneUser, KnownUser


async def learn_users(replica: ReplicaOfUsers, *news: KnownUser | GoneUser) -> None:
    await replica.learn(news, datetime.now(UTC))
