"""Connections that reads, or transactions, take turns on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakSet

import asyncpg
import orjson

from libs.database.timeouts import CONNECT_TIMEOUT, POOL_TIMEOUT, STATEMENT_TIMEOUT, server_settings
from libs.database.urls import for_asyncpg

Records = Sequence[asyncpg.Record]


class PoolTimeoutError(TimeoutError):
    """All were busy, with whatever, for too long."""


class ConnectionPool:
    """Some connections, of which each is opened when it is needed first: a process starts while its database is away.

    asyncpg's pool does more, and what it does beside takes half as long again as a point read.
    """

    def __init__(self, url: str, size: int, **settings: str) -> None:
        self._dsn = for_asyncpg(url)
        self._size = size
        self._settings = {**server_settings(), **settings}
        self._turns = asyncio.Semaphore(size)
        # The one that was used last comes first: it is the warmest, and the others may be closed by whoever wants to.
        self._idle: list[asyncpg.Connection] = []
        # Those that have prepared nothing before the last migration.
        self._fresh: WeakSet[asyncpg.Connection] = WeakSet()
        self._busy = 0

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Records:
        connection = await self._acquire()
        try:
            rows: Records = await connection.fetch(sql, *arguments)
        except BaseException as error:
            if _may_be_running(error) or not isinstance(error, asyncpg.PostgresError):
                # It was left in the middle of a statement, and its server finds out that nobody waits for it any more.
                connection.terminate()
            self._release(connection)
            raise
        self._release(connection)
        return rows

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[asyncpg.Connection]:
        """For a transaction. One that was left open is not given back but ended."""
        connection = await self._acquire()
        try:
            yield connection
        except asyncpg.InvalidCachedStatementError:
            # A migration. Each of the others would find out by itself, and fail once.
            self._fresh.clear()
            while self._idle:
                self._idle.pop().terminate()
            raise
        except BaseException as error:
            if _may_be_running(error):
                # What a connection says of itself is what it was before the statement.
                connection.terminate()
            raise
        finally:
            if connection.is_closed() or connection.is_in_transaction():
                connection.terminate()
            self._release(connection)

    async def ping(self) -> None:
        """Raises while the database does not answer."""
        await self.fetch("SELECT 1", ())

    def stats(self) -> tuple[int, int, int]:
        """How many are borrowed, open, allowed."""
        return self._busy, self._busy + len(self._idle), self._size

    async def aclose(self) -> None:
        closing = [each.close(timeout=CONNECT_TIMEOUT) for each in self._idle]
        self._idle.clear()
        # Those that do not answer are given up, and all at the same time.
        await asyncio.gather(*closing, return_exceptions=True)

    async def _acquire(self) -> asyncpg.Connection:
        if self._turns.locked():
            try:
                async with asyncio.timeout(POOL_TIMEOUT):
                    await self._turns.acquire()
            except TimeoutError as error:
                raise PoolTimeoutError(f"No connection was free for {POOL_TIMEOUT:g} seconds.") from error
        else:
            await self._turns.acquire()
        self._busy += 1
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        try:
            return await self._open()
        except BaseException:
            self._leave()
            raise

    def _release(self, connection: asyncpg.Connection) -> None:
        if connection not in self._fresh:
            connection.terminate()
        elif not connection.is_closed():
            self._idle.append(connection)
        self._leave()

    def _leave(self) -> None:
        self._busy -= 1
        self._turns.release()

    async def _open(self) -> asyncpg.Connection:
        connection = await asyncpg.connect(
            self._dsn,
            timeout=CONNECT_TIMEOUT,
            command_timeout=STATEMENT_TIMEOUT,
            server_settings=self._settings,
        )
        self._fresh.add(connection)
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_to_json, decoder=orjson.loads)
        return connection


def _may_be_running(error: BaseException) -> bool:
    """Whether a statement may still be under way."""
    # For arguments that it cannot send, asyncpg raises this one or an InterfaceError. By then the server has prepared
    # the statement, and keeps its locks until it hears more.
    if type(error) is asyncpg.DataError:
        return True
    unfinished = (asyncio.CancelledError, TimeoutError, asyncpg.InternalClientError, asyncpg.InterfaceError)
    return isinstance(error, unfinished)


def _to_json(document: Any) -> str:
    return orjson.dumps(document).decode()
