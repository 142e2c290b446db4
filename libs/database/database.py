"""Transactions, run as reads are: statements that SQLAlchemy has compiled once, on asyncpg itself.

What SQLAlchemy's asynchronous engine does around each statement takes several times as long as the statement, and most
of what the shop does is a transaction of a few short ones. Nothing that serves it imports that engine.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from sqlalchemy import ClauseElement

from libs.database.errors import STATEMENT_ERRORS
from libs.database.executor import NO_ARGUMENTS, Arguments, ExecuteResult, Executor, Row, compile_statement
from libs.database.pool import ConnectionPool

# Seconds. A server that takes longer is away.
ROLLBACK_TIMEOUT: Final = 5.0


class RolledBackError(RuntimeError):
    """What should have been committed is not there: an error inside the transaction was caught, and not raised."""


class Transaction(Executor):
    """One that is open."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def execute(self, statement: ClauseElement, arguments: Arguments = NO_ARGUMENTS) -> ExecuteResult:
        sql, values = compile_statement(statement, arguments)
        said: str = await self._connection.execute(sql, *values)
        # UPDATE 3, INSERT 0 3, SELECT 3
        count = said.rpartition(" ")[2]
        return ExecuteResult(int(count) if count.isdecimal() else 0)

    async def execute_each(self, statement: ClauseElement, arguments: Sequence[Arguments]) -> None:
        """The same statement for each."""
        if arguments:
            each = [compile_statement(statement, one) for one in arguments]
            await self._connection.executemany(each[0][0], [values for _, values in each])

    async def fetch_all(self, statement: ClauseElement, arguments: Arguments = NO_ARGUMENTS) -> list[Row]:
        sql, values = compile_statement(statement, arguments)
        rows: list[Row] = await self._connection.fetch(sql, *values, record_class=Row)
        return rows


async def _nothing(_: Transaction) -> None: ...


class Database(Executor):
    """Of one database, at most so many at once.

    One that is a single statement, whatever it does, is one round trip instead of three.
    """

    def __init__(self, url: str, *, pool_size: int, lock_timeout: float = 0.0) -> None:
        """What waits for somebody's lock for longer, in seconds, raises asyncpg's LockNotAvailableError; 0: nothing."""
        self._connections = ConnectionPool(url, pool_size, lock_timeout=f"{lock_timeout:g}s")

    @asynccontextmanager
    async def transaction(
        self, *, before_commit: Callable[[Transaction], Awaitable[None]] = _nothing
    ) -> AsyncIterator[Transaction]:
        """Commits on a clean exit, and only there. What `before_commit` does belongs to it."""
        async with self._connections.acquire() as connection:
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

    async def execute(self, statement: ClauseElement, arguments: Arguments = NO_ARGUMENTS) -> ExecuteResult:
        async with self._connections.acquire() as connection:
            return await Transaction(connection).execute(statement, arguments)

    async def fetch_all(self, statement: ClauseElement, arguments: Arguments = NO_ARGUMENTS) -> list[Row]:
        async with self._connections.acquire() as connection:
            return await Transaction(connection).fetch_all(statement, arguments)

    async def ping(self) -> None:
        """Raises while the database does not answer."""
        await self._connections.ping()

    def stats(self) -> tuple[int, int, int]:
        """How many connections are borrowed, open, allowed."""
        return self._connections.stats()

    async def aclose(self) -> None:
        await self._connections.aclose()


async def _roll_back(connection: asyncpg.Connection) -> None:
    """Or ends it, which comes to the same, so that nothing hides why."""
    try:
        await connection.execute("ROLLBACK", timeout=ROLLBACK_TIMEOUT)
    except STATEMENT_ERRORS:
        connection.terminate()
