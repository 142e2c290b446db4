"""Users in transactions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, literal, or_, select, update

from auth_service.domain.events import UserDeleted
from auth_service.domain.user import User
from auth_service.exceptions import EmailTaken, UsernameTaken, UserNotFound
from auth_service.models import deleted_users, users
from libs.database.constraints import translate_constraint
from libs.database.database import Transaction
from libs.database.executor import Row

TAKEN = {"uq_users_email": EmailTaken, "uq_users_username": UsernameTaken}

ACTIVE_ADMIN = (users.c.role == "admin") & users.c.is_active

BY_ID = select(users).where(users.c.id == bindparam("user_id"))
BY_LOGIN = select(users).where(
    or_(users.c.email == bindparam("login"), func.lower(users.c.username) == bindparam("login"))
)
FOR_CHANGE = BY_ID.with_for_update()
# Everybody takes these locks in the same order. A row that stopped being an active admin while this statement waited
# for it is not among the result.
FOR_CHANGE_WITH_ADMINS = (
    select(users).where(or_(users.c.id == bindparam("user_id"), ACTIVE_ADMIN)).order_by(users.c.id).with_for_update()
)
HAS_ACTIVE_ADMIN = select(select(literal(1)).where(ACTIVE_ADMIN).exists())
ADD = insert(users)
SAVE = (
    update(users)
    .where(users.c.id == bindparam("user_id"), users.c.version == bindparam("seen_version"))
    .values({name: bindparam(name) for name in ("email", "username", "password_hash", "role", "is_active")})
    .values(version=bindparam("new_version"), updated_at=bindparam("new_updated_at"))
)
REMOVE = delete(users).where(users.c.id == bindparam("user_id"))
REMEMBER = insert(deleted_users)


class SqlUsers:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, user: User) -> None:
        with translate_constraint(TAKEN):
            await self._transaction.execute(ADD, _row(user))

    async def by_id(self, user_id: UUID) -> User:
        return _found(await self._first(BY_ID, user_id=user_id))

    async def by_login(self, login: str) -> User | None:
        row = await self._first(BY_LOGIN, login=login)
        return None if row is None else _user(row)

    async def for_change(self, user_id: UUID) -> User:
        return _found(await self._first(FOR_CHANGE, user_id=user_id))

    async def for_change_with_admins(self, user_id: UUID) -> tuple[User, bool]:
        rows = await self._transaction.fetch_all(FOR_CHANGE_WITH_ADMINS, {"user_id": user_id})
        locked = {row.id: _user(row) for row in rows}
        user = locked.pop(user_id, None)
        if user is None:
            raise UserNotFound
        return user, bool(locked)

    async def save(self, user: User) -> None:
        row = _row(user)
        changed = {name: row[name] for name in ("email", "username", "password_hash", "role", "is_active")}
        versions = {"seen_version": user.version - 1, "new_version": user.version, "new_updated_at": user.updated_at}
        with translate_constraint(TAKEN):
            await self._transaction.execute(SAVE, {"user_id": user.id, **changed, **versions})

    async def remove(self, deleted: UserDeleted, now: datetime) -> None:
        await self._transaction.execute(REMOVE, {"user_id": deleted.user_id})
        await self._transaction.execute(
            REMEMBER, {"id": deleted.user_id, "version": deleted.version, "deleted_at": now}
        )

    async def has_active_admin(self) -> bool:
        return bool(await self._transaction.fetch_value(HAS_ACTIVE_ADMIN))

    async def _first(self, statement: Any, **arguments: Any) -> Row | None:
        return await self._transaction.fetch_one(statement, arguments)


def _found(row: Row | None) -> User:
    if row is None:
        raise UserNotFound
    return _user(row)


def _user(row: Row) -> User:
    return User(**row)


def _row(user: User) -> dict[str, Any]:
    return {column.name: getattr(user, column.name) for column in users.columns}
