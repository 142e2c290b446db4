"""Transactions, run as reads are: statements that SQLAlchemy has compiled once, on asyncpg itself.

What SQLAlchemy's asynchronous engine does around each statement takes several times as long as the statement, and most
of what the shop does is a transaction of a few short ones. Nothing that serves it imports that engine.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from sqlalchemy import ClauseElement

from libs.database.connections import Connections
from libs.database.outages import STATEMENT_ERRORS
from libs.database.statements import NONE, Arguments, Changed, Row, Statements, prepared

# Seconds. A server that takes longer is away.
ROLLBACK_TIMEOUT: Final = 5.0


class RolledBackError(RuntimeError):
    """What should have been committed is not there: an error inside the transaction was caught, and not raised."""


class Transaction(Statements):
    """One that is open."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def execute(self, statement: ClauseElement, arguments: Arguments = NONE) -> Changed:
        sql, values = prepared(statement, arguments)
        said: str = await self._connection.execute(sql, *values)
        # UPDATE 3, INSERT 0 3, SELECT 3
        count = said.rpartition(" ")[2]
        return Changed(int(count) if count.isdecimal() else 0)

    async def execute_each(self, statement: ClauseElement, arguments: Sequence[Arguments]) -> None:
        """The same statement for each."""
        if arguments:
            each = [prepared(statement, one) for one in arguments]
            await self._connection.executemany(each[0][0], [values for _, values in each])

    async def all(self, statement: ClauseElement, arguments: Arguments = NONE) -> list[Row]:
        sql, values = prepared(statement, arguments)
        rows: list[Row] = await self._connection.fetch(sql, *values, record_class=Row)
        return rows


async def _nothing(_: Transaction) -> None: ...


class Transactions(Statements):
    """Of one database, at most so many at once.

    One that is a single statement, whatever it does, is one round trip instead of three.
    """

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
        async with self._connections.borrowed() as connection:
            return await Transaction(connection).execute(statement, arguments)

    async def all(self, statement: ClauseElement, arguments: Arguments = NONE) -> list[Row]:
        async with self._connections.borrowed() as connection:
            return await Transaction(connection).all(statement, arguments)

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
    except STATEMENT_ERRORS:
        connection.terminate()
