"""Connections that break, wait and meet migrations."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.database import pool as pool_module
from libs.database.database import Database
from libs.database.errors import is_transient
from libs.database.pool import ConnectionPool
from libs.testing.proxy import Proxy
from libs.testing.wait import until

PID = "SELECT pg_backend_pid()"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[ConnectionPool]:
    pool = ConnectionPool(database_url, 1)
    yield pool
    await pool.aclose()


async def pid(pool: ConnectionPool) -> int:
    (row,) = await pool.fetch(PID, [])
    return int(row[0])


async def test_a_connection_is_used_again(pool: ConnectionPool) -> None:
    assert await pid(pool) == await pid(pool)
    assert pool.stats() == (0, 1, 1)


async def test_one_that_was_ended_while_idle_is_replaced(pool: ConnectionPool, engine: AsyncEngine) -> None:
    first = await pid(pool)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": first})
    await until(pool._idle[0].is_closed)  # noqa: SLF001 - nobody else knows that its end has arrived.
    assert await pid(pool) != first


async def test_one_that_ends_under_a_statement_is_an_outage_and_is_replaced(pool: ConnectionPool) -> None:
    with pytest.raises(Exception, match=r"terminat|closed") as error:
        await pool.fetch("SELECT pg_terminate_backend(pg_backend_pid())", [])
    assert is_transient(error.value)
    assert await pid(pool)
    assert pool.stats() == (0, 1, 1)


async def test_whoever_leaves_in_the_middle_takes_the_connection_along(pool: ConnectionPool) -> None:
    first = await pid(pool)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await pool.fetch("SELECT pg_sleep(60)", [])
    assert await pid(pool) != first


async def stops(engine: AsyncEngine, backend: int) -> None:
    """Within a moment."""
    running = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid AND state = 'active'")

    async def has_stopped() -> bool:
        async with engine.connect() as connection:
            return bool((await connection.execute(running, {"pid": backend})).scalar_one() == 0)

    await until(has_stopped, timeout=3)


async def test_a_statement_that_takes_too_long_ends_in_the_server_as_well(
    database_url: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "STATEMENT_TIMEOUT", 0.3)
    monkeypatch.setattr("libs.database.timeouts.STATEMENT_TIMEOUT", 0.4)
    pool = ConnectionPool(database_url, 1)
    backend = await pid(pool)
    with pytest.raises(TimeoutError):
        await pool.fetch("SELECT pg_sleep(60)", [])
    await stops(engine, backend)
    await pool.aclose()


async def test_a_statement_whose_reader_has_left_ends_in_the_server_as_well(
    database_url: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.database.timeouts.CLIENT_CHECK_INTERVAL", 0.1)
    pool = ConnectionPool(database_url, 1)
    backend = await pid(pool)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await pool.fetch("SELECT pg_sleep(60)", [])
    await stops(engine, backend)
    await pool.aclose()


async def test_a_statement_of_a_transaction_would_be_ended_by_the_server(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.database.timeouts.STATEMENT_TIMEOUT", 0.2)
    transactions = Database(database_url, pool_size=1)
    async with transactions.transaction() as transaction:
        # Not waited for: the driver gives up at the same moment.
        assert await transaction.fetch_value(text("SHOW statement_timeout")) == "200ms"
    await transactions.aclose()


async def test_a_refused_statement_leaves_it_usable(pool: ConnectionPool) -> None:
    first = await pid(pool)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await pool.fetch("SELECT 1 / $1::int", [0])
    assert await pid(pool) == first


async def fetched(pool: ConnectionPool, query: str, arguments: Sequence[object]) -> None:
    await pool.fetch(query, arguments)


async def fetched_apart(pool: ConnectionPool, query: str, arguments: Sequence[object]) -> None:
    async with pool.acquire() as connection:
        await connection.fetch(query, *arguments)


@pytest.mark.parametrize("arguments", [["no number"], [1, 2]], ids=["of another type", "too many"])
@pytest.mark.parametrize("fetch", [fetched, fetched_apart])
async def test_arguments_that_cannot_be_sent_leave_no_lock_behind(
    pool: ConnectionPool,
    engine: AsyncEngine,
    fetch: Callable[[ConnectionPool, str, Sequence[object]], Awaitable[None]],
    arguments: Sequence[object],
) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE box (n int)"))
    with pytest.raises((asyncpg.DataError, asyncpg.InterfaceError)):
        await fetch(pool, "SELECT * FROM box WHERE n = $1", arguments)
    async with engine.begin() as connection:
        # The server may take a moment to notice that somebody has gone.
        await connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        await connection.execute(text("DROP TABLE box"))
    assert await pid(pool)


async def test_nobody_waits_for_long(pool: ConnectionPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "POOL_TIMEOUT", 0.05)
    busy = asyncio.create_task(pool.fetch("SELECT pg_sleep(0.5)", []))
    await until(lambda: pool.stats()[0] == 1)
    with pytest.raises(TimeoutError) as error:
        await pool.fetch(PID, [])
    assert is_transient(error.value)
    await busy
    assert await pid(pool)


async def test_a_server_that_does_not_answer_keeps_nobody_from_leaving(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Proxy(database_url) as proxy:
        pool = ConnectionPool(proxy.url, 10)
        async with AsyncExitStack() as borrowed:
            for _ in range(10):
                await borrowed.enter_async_context(pool.acquire())
        monkeypatch.setattr(pool_module, "CONNECT_TIMEOUT", 1.0)
        proxy.freeze()
        async with asyncio.timeout(8):
            # One after the other would take ten seconds.
            await pool.aclose()
        assert pool.stats() == (0, 0, 10)
        proxy.thaw()


async def test_a_migration_meanwhile_goes_unnoticed(pool: ConnectionPool, engine: AsyncEngine) -> None:
    async def migrate(statement: str) -> None:
        async with engine.begin() as connection:
            await connection.execute(text(statement))

    await migrate("CREATE TABLE box AS SELECT 1 AS n")
    assert dict((await pool.fetch("SELECT * FROM box", []))[0]) == {"n": 1}
    await migrate("ALTER TABLE box ADD COLUMN m int DEFAULT 2, ALTER COLUMN n TYPE text")
    assert dict((await pool.fetch("SELECT * FROM box", []))[0]) == {"n": "1", "m": 2}
    await migrate("DROP TABLE box")
