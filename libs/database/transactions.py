"""Transactions, run as reads are: statements that SQLAlchemy has compiled once, on asyncpg itself.

What SQLAlchemy's asynchronous engine does around each statement takes several times as long as the statement, and most
of what the shop does is a transaction of a few short ones. Nothing that serves it imports that engine.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol

import asyncpg
from sqlalchemy import ClauseElement

from libs.database.connections import Connections
from libs.database.reads import Query

Arguments = Mapping[str, Any]
NONE: Final[Arguments] = {}
# Seconds. A server that takes longer is away.
ROLLBACK_TIMEOUT: Final = 5.0
# More statements than any service has.
STATEMENTS: Final = 500


class RolledBackError(RuntimeError):
    """What should have been committed is not there: an error inside the transaction was caught, and not raised."""


class Row(asyncpg.Record):  # type: ignore[misc] # asyncpg has no types.
    """Columns by their names: `row["id"]` and `row.id`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True, slots=True)
class Changed:
    rowcount: int
    """How many rows the statement has inserted, changed or deleted."""


class Writes(Protocol):
    """A transaction; or `Transactions`, where each statement is one by itself."""

    async def execute(self, statement: ClauseElement, arguments: Arguments, /) -> Changed: ...


class Transaction:
    """One that is open. Statements are SQLAlchemy's, and live as long as their module; their arguments go by name."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def execute(self, statement: ClauseElement, arguments: Arguments = NONE) -> Changed:
        sql, values = _prepared(statement, arguments)
        said: str = await self._connection.execute(sql, *values)
        # UPDATE 3, INSERT 0 3, SELECT 3
        count = said.rpartition(" ")[2]
        return Changed(int(count) if count.isdecimal() else 0)

    async def execute_each(self, statement: ClauseElement, arguments: Sequence[Arguments]) -> None:
        """The same statement for each."""
        if arguments:
            each = [_prepared(statement, one) for one in arguments]
            await self._connection.executemany(each[0][0], [values for _, values in each])

    async def all(self, statement: ClauseElement, arguments: Arguments = NONE) -> list[Row]:
        sql, values = _prepared(statement, arguments)
        rows: list[Row] = await self._connection.fetch(sql, *values, record_class=Row)
        return rows

    async def first(self, statement: ClauseElement, arguments: Arguments = NONE) -> Row | None:
        rows = await self.all(statement, arguments)
        return rows[0] if rows else None

    async def one(self, statement: ClauseElement, arguments: Arguments = NONE) -> Row:
        """Of a statement that always has one."""
        return (await self.all(statement, arguments))[0]

    async def value(self, statement: ClauseElement, arguments: Arguments = NONE) -> Any:
        """The first column of the first row. None if there is none."""
        rows = await self.all(statement, arguments)
        return rows[0][0] if rows else None


async def _nothing(_: Transaction) -> None: ...


class Transactions:
    """Of one database, at most so many at once."""

    def __init__(self, url: str, *, pool_size: int, lock_timeout: float = 0.0) -> None:
        """What waits for somebody's lock for longer, in seconds, raises asyncpg's LockNotAvailableError; 0: nothing."""
        self._connections = Connections(url, pool_size, lock_timeout=f"{lock_timeout:g}s")

    @asynccontextmanager
    async def begin(
        self, *, before_commit: Callable[[Transaction], Awaitable[None]] = _nothing
    ) -> AsyncIterator[Transaction]:
        """Commits on a clean exit, and only there. What `before_commit` does belongs to it."""
        async with self._connections.borrowed() as connection:
            await connection.execute("BEGIN")
            transaction = Transaction(connection)
            try:
                yield transaction
                await before_commit(transaction)
            except TimeoutError:
                # Whoever did not answer in time would not roll back in time either: the connection ends.
                raise
            except Exception:
                await _roll_back(connection)
                raise
            if await connection.execute("COMMIT") != "COMMIT":
                raise RolledBackError("A statement had failed, and nobody told.")

    async def execute(self, statement: ClauseElement, arguments: Arguments = NONE) -> Changed:
        """A transaction that is one statement, and one round trip instead of three."""
        async with self.apart() as statements:
            return await statements.execute(statement, arguments)

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[Transaction]:
        """Each statement is a transaction by itself."""
        async with self._connections.borrowed() as connection:
            yield Transaction(connection)

    async def ping(self) -> None:
        """Raises while the database does not answer."""
        await self._connections.ping()

    def use(self) -> tuple[int, int, int]:
        """How many connections are borrowed, open, allowed."""
        return self._connections.use()

    async def aclose(self) -> None:
        await self._connections.aclose()


async def _roll_back(connection: asyncpg.Connection) -> None:
    """Or ends it, which comes to the same, so that nothing hides why."""
    try:
        await connection.execute("ROLLBACK", timeout=ROLLBACK_TIMEOUT)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        connection.terminate()


def _prepared(statement: ClauseElement, arguments: Arguments) -> tuple[str, list[Any]]:
    query = _compiled(statement, tuple(arguments))
    return query.sql, query.arguments(arguments)


@lru_cache(maxsize=STATEMENTS)
def _compiled(statement: ClauseElement, names: tuple[str, ...]) -> Query:
    """An INSERT or UPDATE that names no columns of its own has those of the arguments."""
    return Query(statement, columns=names)
