"""The replica of auth_service's users."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select

from catalog_service.domain.users import Tombstone, UserReplica
from catalog_service.models.replicas import users
from libs.consumers.version_guard import upsert_if_newer
from libs.database.executor import Executor
from libs.database.query import CompiledQuery, Reader
from libs.tokens.principal import AccountStatus

ACCOUNT_STATUS = CompiledQuery(
    select(func.coalesce(users.c.role, "user").label("role"), users.c.is_active).where(users.c.id == bindparam("user"))
)


class SqlUserReplicaStore:
    """Learns in one statement, so it needs no transaction around it."""

    def __init__(self, statements: Executor) -> None:
        self._statements = statements

    async def apply(self, news: Sequence[UserReplica | Tombstone], now: datetime) -> None:
        await upsert_if_newer(self._statements, users, [_row(each, now) for each in news])


class SqlAccountStatus:
    """What the authenticator asks the replica."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def status_of(self, user_id: UUID) -> AccountStatus | None:
        row = await self._reader.fetch_one(ACCOUNT_STATUS, user=user_id)
        return None if row is None else AccountStatus(**row)


def _row(news: UserReplica | Tombstone, now: datetime) -> dict[str, Any]:
    if isinstance(news, Tombstone):
        said: dict[str, Any] = {"username": None, "role": None, "is_active": False, "deleted_at": now}
    else:
        said = {"username": news.username, "role": news.role, "is_active": news.is_active, "deleted_at": None}
    return {"id": news.id, "version": news.version, **said}
