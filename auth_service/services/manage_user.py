"""What admins do with users, and what may leave the shop without an admin."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from auth_service.domain.ports import UnitOfWorkFactory
from auth_service.domain.user import Role, User
from libs.errors import expect_version


@dataclass(frozen=True, slots=True)
class RoleOrStatusChange:
    """None leaves as it is."""

    user_id: UUID
    role: Role | None = None
    is_active: bool | None = None


async def change_role_or_status(
    uow: UnitOfWorkFactory, command: RoleOrStatusChange, expected: Collection[int] | None
) -> User:
    now = datetime.now(UTC)
    async with uow() as work:
        user, other_admins = await work.users.for_change_with_admins(command.user_id)
        expect_version(user.version, expected)
        fact = user.change_role_or_status(
            now, role=command.role, is_active=command.is_active, other_admins=other_admins
        )
        if fact is not None:
            await work.users.save(user)
            work.record(fact)
        if not user.is_active:
            await work.refresh_tokens.revoke_all(user.id, now)
    return user


async def delete_user(uow: UnitOfWorkFactory, user_id: UUID, expected: Collection[int] | None) -> None:
    async with uow() as work:
        user, other_admins = await work.users.for_change_with_admins(user_id)
        expect_version(user.version, expected)
        fact = user.delete(other_admins=other_admins)
        await work.users.remove(fact, datetime.now(UTC))
        work.record(fact)
