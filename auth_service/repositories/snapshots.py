"""Users told of once more."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text

from libs.contracts.auth import UserDeleted, UserEvent, UserUpdated
from libs.database.database import Transaction
from libs.database.executor import Row

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


async def user_snapshots(
    transaction: Transaction, after: UUID, ids: Sequence[UUID] | None, limit: int
) -> Sequence[UserEvent]:
    wanted = {"after": after, "portion": limit}
    found = await (
        transaction.fetch_all(ALL, wanted) if ids is None else transaction.fetch_all(NAMED, {**wanted, "ids": ids})
    )
    return [_event(row) for row in found]


def _event(row: Row) -> UserEvent:
    if row.email is None:
        return UserDeleted(id=row.id, version=row.version)
    return UserUpdated.model_validate(dict(row))
