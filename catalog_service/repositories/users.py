"""The replica of auth_service's users."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog_service.domain.users import KnownUser
from catalog_service.models.replicas import users
from libs.database.reads import Query, Reader
from libs.messaging.guard import apply_if_newer
from libs.tokens.principal import Standing

STANDING = Query(
    select(func.coalesce(users.c.role, "user").label("role"), users.c.is_active).where(users.c.id == bindparam("user"))
)


class SqlReplicaOfUsers:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def learn(self, user: KnownUser) -> None:
        row = {
            "id": user.id,
            "username": user.username,
            "role": user.role,
            "is_active": user.is_active,
            "version": user.version,
            "deleted_at": None,
        }
        await apply_if_newer(self._connection, users, row)

    async def forget(self, user_id: UUID, version: int, now: datetime) -> None:
        row = {
            "id": user_id,
            "username": None,
            "role": None,
            "is_active": False,
            "version": version,
            "deleted_at": now,
        }
        await apply_if_newer(self._connection, users, row)


class SqlStandings:
    """What the authenticator asks the replica."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def standing(self, user_id: UUID) -> Standing | None:
        row = await self._reader.first(STANDING, user=user_id)
        return None if row is None else Standing(**row)
