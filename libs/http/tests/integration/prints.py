"""A press whose prints are rows, and what tests do to keys behind its back."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Column, Table, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.database.metadata import new_metadata
from libs.http.tests.press import How, Jammed
from libs.idempotency.table import idempotency_keys_table
from libs.testing.engines import new_engine

METADATA = new_metadata()
KEYS = idempotency_keys_table(METADATA)
PRINTS = Table("prints", METADATA, Column("id", Uuid, primary_key=True))
ID = bindparam("id", type_=Uuid)


async def create_tables(url: str) -> None:
    engine = new_engine(url, pool_size=1)
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    await engine.dispose()


@dataclass
class Freeze:
    """Where a request stands still until it is let go."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    thaw: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> None:
        self.reached.set()
        await self.thaw.wait()


@dataclass
class SqlPress:
    """As a use case does it: in a transaction of its own, under the id that it is given, once."""

    engine: AsyncEngine
    before: Freeze | None = None
    after: Freeze | None = None
    is_jammed: bool = False
    breaks: bool = False

    async def make(self, print_id: UUID, how: How) -> None:
        if self.before is not None:
            await self.before()
        if self.is_jammed:
            raise Jammed("Try another day.")
        if how in ("printed", "queued"):
            async with self.engine.begin() as connection:
                await connection.execute(
                    text("INSERT INTO prints VALUES (:id) ON CONFLICT DO NOTHING").bindparams(ID), {"id": print_id}
                )
        if self.after is not None:
            await self.after()
        if self.breaks:
            raise RuntimeError("a wheel came off")


@dataclass
class Cabinet:
    """The keys and prints of one test's user."""

    engine: AsyncEngine
    user_id: UUID

    async def lease_is_over(self, key: str = "k") -> None:
        await self._change("claimed_until = now()", key)

    async def is_a_day_old(self, key: str = "k") -> None:
        await self._change("created_at = created_at - interval '24 hours'", key)

    async def _change(self, change: str, key: str) -> None:
        statement = text(f"UPDATE idempotency_keys SET {change} WHERE user_id = :user_id AND key = :key")  # noqa: S608 - of our own words.
        async with self.engine.begin() as connection:
            done = await connection.execute(
                statement.bindparams(bindparam("user_id", type_=Uuid)), {"user_id": self.user_id, "key": key}
            )
            assert done.rowcount == 1

    async def fill(self, many: int, age: str) -> None:
        statement = text("""
            INSERT INTO idempotency_keys (user_id, key, fingerprint, resource_id, outcome_unknown, created_at)
            SELECT :id, 'old ' || number, '', :id, false, now() - CAST(:age AS text)::interval
            FROM generate_series(1, :many) AS number
        """).bindparams(ID)
        async with self.engine.begin() as connection:
            await connection.execute(statement, {"id": self.user_id, "age": age, "many": many})

    async def keys(self) -> list[str]:
        async with self.engine.connect() as connection:
            found = await connection.scalars(
                text("SELECT key FROM idempotency_keys WHERE user_id = :id ORDER BY key").bindparams(ID),
                {"id": self.user_id},
            )
            return list(found)

    async def prints(self) -> set[str]:
        """Of everybody: each test has a database without any at first."""
        async with self.engine.connect() as connection:
            return {str(found) for found in await connection.scalars(text("SELECT id FROM prints"))}
