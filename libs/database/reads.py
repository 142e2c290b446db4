"""The one way to run a read: a statement that SQLAlchemy compiled once, on asyncpg itself.

Compiling, the session and result objects are most of what a read costs in the usual style; none of the three is
needed to bring rows to a response. Writes stay on the engine, where transactions are.
"""

import json
from collections.abc import Mapping
from typing import Any

import asyncpg
from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql import asyncpg as dialect

from libs.database.engine import CONNECT_TIMEOUT, POOL_TIMEOUT, STATEMENT_TIMEOUT
from libs.database.urls import for_asyncpg

Row = dict[str, Any]

_DIALECT = dialect.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves dialects untyped.


class Query:
    """A SELECT with `bindparam`s for its arguments; make it at module level, or in a cached function of its filters.

    Arguments reach asyncpg as they are, so lists go through `= ANY(:ids)`, not through `IN`.
    """

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self.sql = str(compiled)
        self._names: list[str] = list(getattr(compiled, "positiontup", None) or ())
        self._constants: Mapping[str, Any] = compiled.params

    def arguments(self, given: Mapping[str, Any]) -> list[Any]:
        unknown = given.keys() - self._constants.keys()
        if unknown:
            raise TypeError(f"The query has no parameters {sorted(unknown)}")
        return [given[name] if name in given else self._constants[name] for name in self._names]


class Reader:
    """Runs queries on a pool of its own. Rows are plain dicts, JSON columns arrive decoded."""

    def __init__(self, url: str, *, pool_size: int) -> None:
        self._dsn = for_asyncpg(url)
        self._size = pool_size
        self._pool: asyncpg.Pool | None = None

    async def all(self, query: Query, **arguments: Any) -> list[Row]:
        async with self._connection() as connection:
            return [dict(row) for row in await connection.fetch(query.sql, *query.arguments(arguments))]

    async def first(self, query: Query, **arguments: Any) -> Row | None:
        async with self._connection() as connection:
            row = await connection.fetchrow(query.sql, *query.arguments(arguments))
            return None if row is None else dict(row)

    async def value(self, query: Query, **arguments: Any) -> Any:
        async with self._connection() as connection:
            return await connection.fetchval(query.sql, *query.arguments(arguments))

    def use(self) -> tuple[int, int, int]:
        """How many connections are borrowed, open, allowed."""
        size = 0 if self._pool is None else self._pool.get_size()
        return (0 if self._pool is None else size - self._pool.get_idle_size()), size, self._size

    async def aclose(self) -> None:
        if self._pool is not None:
            await self._pool.close()

    def _connection(self) -> Any:
        # The pool opens its first connection when one is needed: a process starts while its database is away.
        if self._pool is None:
            self._pool = asyncpg.create_pool(
                self._dsn,
                min_size=0,
                max_size=self._size,
                timeout=CONNECT_TIMEOUT,
                command_timeout=STATEMENT_TIMEOUT,
                init=_decode_json,
                reset=_nothing,
                server_settings={"jit": "off"},
            )
        return _Acquired(self._pool)


class _Acquired:
    """Opens the lazy pool on first use, then lends a connection."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> asyncpg.Connection:
        await self._pool
        self._connection: asyncpg.Connection = await self._pool.acquire(timeout=POOL_TIMEOUT)
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        await self._pool.release(self._connection)


async def _decode_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)


async def _nothing(_connection: asyncpg.Connection) -> None:
    # asyncpg would send a round trip that tidies up after each borrower; a SELECT leaves nothing behind.
    pass
