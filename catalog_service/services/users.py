"""Following auth_service's users. Any number of news costs as much as one."""

from datetime import UTC, datetime

from catalog_service.domain.ports import UnitOfWorkFactory
from catalog_service.domain.users import GoneUser, KnownUser


async def learn_users(uow: UnitOfWorkFactory, *news: KnownUser | GoneUser) -> None:
    async with uow() as work:
        await work.users.learn(news, datetime.now(UTC))
