"""What the driver raises for real, and what is made of it."""

import asyncio
import threading

import asyncpg
import pytest
from sqlalchemy import bindparam, func, select, text
from sqlalchemy.types import Integer

from libs.database.database import Database
from libs.database.errors import is_data_error, is_transient
from libs.database.query import CompiledQuery, Reader
from libs.database.urls import for_asyncpg

NUMBER = CompiledQuery(select(bindparam("number", type_=Integer)))
AWAY = "postgresql://nobody@127.0.0.1:1/nothing"


async def caught(transactions: Database, statement: str) -> BaseException:
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as error:
        await transactions.execute(text(statement))
    found: BaseException = error.value
    return found


async def test_a_server_that_is_away() -> None:
    reader, transactions = Reader(AWAY, pool_size=1), Database(AWAY, pool_size=1)
    for ping in (reader.ping, transactions.ping):
        with pytest.raises(OSError) as error:  # noqa: PT011 - which one depends on the system.
            await ping()
        assert is_transient(error.value)


async def test_a_server_that_is_there(reader: Reader, transactions: Database) -> None:
    await reader.ping()
    await transactions.ping()


async def test_a_connection_that_was_ended(transactions: Database) -> None:
    assert is_transient(await caught(transactions, "SELECT pg_terminate_backend(pg_backend_pid())"))


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
    assert is_transient(error.value)
    connection.terminate()


async def test_a_deadlock_passes(transactions: Database) -> None:
    async def lock(first: int, second: int, both_hold: asyncio.Barrier) -> None:
        async with transactions.transaction() as transaction:
            await transaction.execute(select(func.pg_advisory_xact_lock(first)))
            await both_hold.wait()
            await transaction.execute(select(func.pg_advisory_xact_lock(second)))

    barrier = asyncio.Barrier(2)
    results = await asyncio.gather(lock(811, 812, barrier), lock(812, 811, barrier), return_exceptions=True)
    [error] = [result for result in results if result is not None]
    assert is_transient(error)


@pytest.mark.parametrize("statement", ["SELECT nonsense", "SELECT 1 / 0", "INSERT INTO shelf (id) VALUES (-1)"])
async def test_a_wrong_statement_is_no_outage(transactions: Database, statement: str) -> None:
    assert not is_transient(await caught(transactions, statement))


@pytest.mark.parametrize("number", [2**40, 10**30, "seven"])
async def test_a_value_that_cannot_be_stored_is_no_outage(reader: Reader, number: object) -> None:
    with pytest.raises(asyncpg.DataError) as error:
        await reader.fetch_value(NUMBER, number=number)
    assert is_data_error(error.value)
    assert not is_transient(error.value)
