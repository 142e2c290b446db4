"""Users of auth_service, made and changed by the thousand, with and without the events that belong to it."""

from uuid import UUID

import asyncpg

from libs.process.ids import new_id

MAKE = """
    INSERT INTO users (id, email, username, password_hash, role, is_active, version, created_at, updated_at)
    SELECT id, 'u' || id || '@example.com', 'u' || left(id::text, 8) || right(id::text, 12), 'x', 'user', true, 3,
           now(), now()
    FROM unnest($1::uuid[]) AS id
"""
TELL = """
    INSERT INTO outbox (event_id, aggregate, aggregate_id, version, type, payload)
    SELECT gen_random_uuid(), 'user', id, version, 'user.updated', to_jsonb(users) - 'password_hash'
    FROM users WHERE id = ANY($1::uuid[])
"""
CHANGE = "UPDATE users SET username = 'n' || version || substr(username, 2), version = version + 1 WHERE id = ANY($1)"
DELETE = """
    WITH gone AS (DELETE FROM users WHERE id = ANY($1::uuid[]) RETURNING id, version + 1 AS version),
    known AS (INSERT INTO deleted_users (id, version, deleted_at) SELECT id, version, now() FROM gone)
    INSERT INTO outbox (event_id, aggregate, aggregate_id, version, type, payload)
    SELECT gen_random_uuid(), 'user', id, version, 'user.deleted', jsonb_build_object('id', id, 'version', version)
    FROM gone
"""


COLUMNS = ("id", "username", "role", "is_active", "version", "email")


class Users:
    def __init__(self, databases: dict[str, asyncpg.Connection]) -> None:
        self._databases = databases

    async def make(self, count: int) -> list[UUID]:
        """Known to everybody."""
        ids = [new_id() for _ in range(count)]
        await self._databases["auth"].execute(MAKE, ids)
        rows = await self._databases["auth"].fetch(
            f"SELECT {', '.join(COLUMNS)} FROM users WHERE id = ANY($1::uuid[])",  # noqa: S608 - made of constants
            ids,
        )
        for service, columns in (("catalog", COLUMNS[:-1]), ("order", COLUMNS)):
            records = [tuple(row)[: len(columns)] for row in rows]
            await self._databases[service].copy_records_to_table("users", records=records, columns=columns)
        return ids

    async def change(self, ids: list[UUID], *, tell: bool = True) -> None:
        async with self._databases["auth"].transaction():
            await self._databases["auth"].execute(CHANGE, ids)
            if tell:
                await self._databases["auth"].execute(TELL, ids)

    async def delete(self, ids: list[UUID]) -> None:
        await self._databases["auth"].execute(DELETE, ids)
