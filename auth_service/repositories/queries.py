"""Users as admins, their owners and the authenticator read them."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, or_, select

from auth_service.domain.ports import UserFilter
from auth_service.exceptions import UserNotFound
from auth_service.models import users
from libs.database.query import CompiledQuery, Reader, Row
from libs.tokens.principal import AccountStatus

PUBLIC = [
    users.c[name] for name in ("id", "email", "username", "role", "is_active", "version", "created_at", "updated_at")
]
# No text that begins with a prefix comes after the prefix with the last character that there is.
LAST_CHARACTER = "\U0010ffff"

BY_ID = CompiledQuery(select(*PUBLIC).where(users.c.id == bindparam("user_id")))
ACCOUNT_STATUS = CompiledQuery(select(users.c.role, users.c.is_active).where(users.c.id == bindparam("user_id")))


class SqlUserQueries:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def by_id(self, user_id: UUID) -> Row:
        row = await self._reader.fetch_one(BY_ID, user_id=user_id)
        if row is None:
            raise UserNotFound
        return row

    async def newest(self, wanted: UserFilter, *, before: UUID | None, limit: int) -> Sequence[Row]:
        query = _page(wanted.prefix is not None, wanted.role, wanted.is_active, before is not None)
        arguments: dict[str, Any] = {"limit": limit, **_range(wanted.prefix)}
        if before is not None:
            arguments["before"] = before
        return await self._reader.fetch_all(query, **arguments)

    async def count(self, wanted: UserFilter) -> int:
        query = _count(wanted.prefix is not None, wanted.role, wanted.is_active)
        total: int = await self._reader.fetch_value(query, **_range(wanted.prefix))
        return total


class SqlAccountStatus:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def status_of(self, user_id: UUID) -> AccountStatus | None:
        row = await self._reader.fetch_one(ACCOUNT_STATUS, user_id=user_id)
        return None if row is None else AccountStatus(**row)


@lru_cache
def _page(prefix: bool, role: str | None, is_active: bool | None, continued: bool) -> CompiledQuery:
    conditions = _conditions(prefix, role, is_active)
    if continued:
        conditions.append(users.c.id < bindparam("before"))
    # Ids grow with time.
    return CompiledQuery(select(*PUBLIC).where(*conditions).order_by(users.c.id.desc()).limit(bindparam("limit")))


@lru_cache
def _count(prefix: bool, role: str | None, is_active: bool | None) -> CompiledQuery:
    return CompiledQuery(select(func.count()).select_from(users).where(*_conditions(prefix, role, is_active)))


def _conditions(prefix: bool, role: str | None, is_active: bool | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if prefix:
        conditions.append(or_(_begins(users.c.email), _begins(func.lower(users.c.username))))
    if role is not None:
        conditions.append(users.c.role == role)
    if is_active is not None:
        # Not a parameter: only so does the planner know that the index of the blocked will do.
        conditions.append(users.c.is_active.is_(is_active))
    return conditions


def _begins(column: ColumnElement[str]) -> ColumnElement[bool]:
    """A range, unlike LIKE, finds its index whatever the planner knows of its arguments, and has no wildcards."""
    return (column >= bindparam("prefix")) & (column < bindparam("after_prefix"))


def _range(prefix: str | None) -> dict[str, str]:
    return {} if prefix is None else {"prefix": prefix, "after_prefix": prefix + LAST_CHARACTER}
