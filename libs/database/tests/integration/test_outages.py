"""What the drivers raise for real, and what is made of it."""

import asyncio
import threading

import asyncpg
import pytest
from sqlalchemy import bindparam, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.types import Integer

from libs.database.engine import new_engine
from libs.database.outages import is_outage, is_unusable_value
from libs.database.reads import Query, Reader
from libs.database.urls import for_asyncpg

NUMBER = Query(select(bindparam("number", type_=Integer)))
AWAY = "postgresql://nobody@127.0.0.1:1/nothing"


async def caught(engine: AsyncEngine, statement: str) -> BaseException:
    with pytest.raises(DBAPIError) as error:
        async with engine.connect() as connection:
            await connection.execute(text(statement))
    return error.value


async def test_a_server_that_is_away(engine: AsyncEngine) -> None:
    del engine
    reader, away = Reader(AWAY, pool_size=1), new_engine(AWAY, pool_size=1)
    with pytest.raises(OSError) as by_reader:  # noqa: PT011 - which one depends on the system.
        await reader.value(NUMBER, number=1)
    with pytest.raises(OSError) as by_engine:  # noqa: PT011 - the same.
        async with away.connect():
            pass
    assert is_outage(by_reader.value)
    assert is_outage(by_engine.value)


async def test_a_connection_that_was_ended(engine: AsyncEngine) -> None:
    assert is_outage(await caught(engine, "SELECT pg_terminate_backend(pg_backend_pid())"))


async def test_a_connection_that_is_just_being_ended(database_url: str) -> None:
    """The server has said so, and the client has not come to close it yet."""
    connection = await asyncpg.connect(for_asyncpg(database_url))

    async def end() -> None:
        other = await asyncpg.connect(for_asyncpg(database_url))
        await other.execute("SELECT pg_terminate_backend($1, 10000)", connection.get_server_pid())
        await other.close()

    # While this loop does nothing; then it reads the server's last words, and only after that their end.
    ending = threading.Thread(target=asyncio.run, args=(end(),))
    ending.start()
    ending.join()
    for _ in range(2):
        await asyncio.sleep(0)
    with pytest.raises(asyncpg.InternalClientError) as error:
        await connection.execute("SELECT 1")
    assert is_outage(error.value)
    connection.terminate()


async def test_a_pool_that_stays_empty(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.database.engine.POOL_TIMEOUT", 0.05)
    engine = new_engine(database_url, pool_size=1)
    async with engine.connect():
        with pytest.raises(Exception, match="QueuePool") as error:
            await engine.connect()
    assert is_outage(error.value)
    await engine.dispose()


async def test_a_deadlock_passes(engine: AsyncEngine) -> None:
    async def lock(first: int, second: int, both_hold: asyncio.Barrier) -> BaseException | None:
        try:
            async with engine.begin() as connection:
                await connection.execute(select(func.pg_advisory_xact_lock(first)))
                await both_hold.wait()
                await connection.execute(select(func.pg_advisory_xact_lock(second)))
        except DBAPIError as error:
            return error
        return None

    barrier = asyncio.Barrier(2)
    results = await asyncio.gather(lock(811, 812, barrier), lock(812, 811, barrier))
    [error] = [result for result in results if result is not None]
    assert is_outage(error)


@pytest.mark.parametrize("statement", ["SELECT nonsense", "SELECT 1 / 0", "INSERT INTO shelf (id) VALUES (-1)"])
async def test_a_wrong_statement_is_no_outage(engine: AsyncEngine, statement: str) -> None:
    assert not is_outage(await caught(engine, statement))


@pytest.mark.parametrize("number", [2**40, 10**30, "seven"])
async def test_a_value_that_cannot_be_stored_is_no_outage(reader: Reader, number: object) -> None:
    with pytest.raises(asyncpg.DataError) as error:
        await reader.value(NUMBER, number=number)
    assert is_unusable_value(error.value)
    assert not is_outage(error.value)
