"""Users told of once more."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.auth import UserDeleted, UserEvent, UserUpdated

ALL = text("""
    SELECT id, version, email, username, role, is_active, created_at, updated_at FROM users WHERE id > :after
    UNION ALL SELECT id, version, NULL, NULL, NULL, NULL, NULL, NULL FROM deleted_users WHERE id > :after
    ORDER BY id LIMIT :portion
""")
NAMED = text("""
    SELECT id, coalesce(users.version, gone.version, 1) AS version,
           email, username, role, is_active, created_at, updated_at
    FROM (SELECT DISTINCT unnest(:ids) AS id) AS named
    LEFT JOIN users USING (id) LEFT JOIN deleted_users AS gone USING (id)
    WHERE id > :after ORDER BY id LIMIT :portion
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))


async def users_to_announce(
    connection: AsyncConnection, after: UUID, ids: Sequence[UUID] | None, portion: int
) -> Sequence[UserEvent]:
    wanted = {"after": after, "portion": portion}
    found = await (
        connection.execute(ALL, wanted) if ids is None else connection.execute(NAMED, {**wanted, "ids": ids})
    )
    return [_event(row) for row in found]


def _event(row: Row[Any]) -> UserEvent:
    if row.email is None:
        return UserDeleted(id=row.id, version=row.version)
    return UserUpdated.model_validate(row._mapping)  # noqa: SLF001 - public in SQLAlchemy, named so that no column can hide it.
