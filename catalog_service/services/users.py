"""Following auth_service's users."""

from datetime import UTC, datetime
from uuid import UUID

from catalog_service.domain.ports import UnitOfWorkFactory
from catalog_service.domain.users import KnownUser


async def learn_user(uow: UnitOfWorkFactory, user: KnownUser) -> None:
    async with uow() as work:
        await work.users.learn(user)


async def forget_user(uow: UnitOfWorkFactory, user_id: UUID, version: int) -> None:
    async with uow() as work:
        await work.users.forget(user_id, version, datetime.now(UTC))
