"""All of a transaction is there afterwards, or nothing of it, and its connection is as good as new."""

import asyncio
import contextlib

import asyncpg
import pytest
from sqlalchemy import ClauseElement, bindparam, column, func, insert, select, table, text, update

from libs.database import pool
from libs.database.database import Database, RolledBackError
from libs.database.errors import is_lock_timeout, is_transient
from libs.testing.proxy import Proxy

SHELF = table("shelf", column("id"), column("name"), column("facts"))
ADD = insert(SHELF)
ALL = select(SHELF).order_by(SHELF.c.id)
FIND = select(SHELF).where(SHELF.c.id == bindparam("id"))
RENAME = update(SHELF).where(SHELF.c.id >= bindparam("least")).values(name=func.concat(SHELF.c.name, "!"))
RENAME_ALL = text("UPDATE shelf SET name = name || '!'")
ROW = {"id": 1, "name": "lamp", "facts": {}}
EMPTY = text("DELETE FROM shelf")


class ChangedMindError(Exception):
    pass


@pytest.fixture(autouse=True)
async def _nothing_there(transactions: Database) -> None:
    async with transactions.transaction() as transaction:
        await transaction.execute(EMPTY)


async def write(transactions: Database, statement: ClauseElement, *last: Exception) -> None:
    """A row, what the statement does, and the error."""
    async with transactions.transaction() as transaction:
        await transaction.execute(ADD, ROW)
        await transaction.execute(statement)
        for error in last:
            raise error


async def names(transactions: Database) -> list[str]:
    async with transactions.transaction() as transaction:
        return [row.name for row in await transaction.fetch_all(ALL)]


async def test_what_is_committed_is_there(transactions: Database) -> None:
    async with transactions.transaction() as transaction:
        assert (await transaction.execute(ADD, {"id": 1, "name": "lamp", "facts": {"watts": 7}})).rowcount == 1
        await transaction.execute_each(ADD, [{"id": number, "name": f"n{number}", "facts": {}} for number in (2, 3)])
        assert (await transaction.execute(RENAME, {"least": 2})).rowcount == 2
    async with transactions.transaction() as transaction:
        rows = await transaction.fetch_all(ALL)
        assert [(row.id, row["name"], row.facts) for row in rows] == [
            (1, "lamp", {"watts": 7}),
            (2, "n2!", {}),
            (3, "n3!", {}),
        ]
        assert {**rows[0]} == {"id": 1, "name": "lamp", "facts": {"watts": 7}}
        assert await transaction.fetch_one(ALL) == rows[0] == await transaction.fetch_only(ALL)
        assert await transaction.fetch_value(select(func.count()).select_from(SHELF)) == 3
        assert await transaction.fetch_one(FIND, {"id": 9}) is None


async def test_a_column_that_is_not_there_is_no_attribute(transactions: Database) -> None:
    async with transactions.transaction() as transaction:
        row = await transaction.fetch_only(text("SELECT 1 AS id"))
    with pytest.raises(AttributeError, match="name"):
        _ = row.name


async def test_who_raises_leaves_nothing(transactions: Database) -> None:
    with pytest.raises(ChangedMindError):
        await write(transactions, RENAME_ALL, ChangedMindError())
    assert await names(transactions) == []
    assert transactions.stats() == (0, 1, 2)


async def test_what_is_refused_leaves_nothing(transactions: Database) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await write(transactions, text("INSERT INTO shelf (id, name) VALUES (2, 'lamp')"))
    assert await names(transactions) == []
    assert transactions.stats() == (0, 1, 2)


async def test_a_statement_outside_a_transaction_is_one_by_itself(transactions: Database) -> None:
    assert (await transactions.execute(ADD, ROW)).rowcount == 1
    assert await names(transactions) == ["lamp"]
    assert await transactions.fetch_value(RENAME.returning(SHELF.c.name), {"least": 1}) == "lamp!"
    assert await names(transactions) == ["lamp!"]
    rows = await transactions.fetch_all(ALL)
    assert [(row.id, row["name"], row.facts) for row in rows] == [(1, "lamp!", {})]
    assert await transactions.fetch_one(ALL) == rows[0] == await transactions.fetch_only(ALL)
    assert await transactions.fetch_one(FIND, {"id": 9}) is None
    assert await transactions.fetch_value(FIND, {"id": 9}) is None
    assert transactions.stats() == (0, 1, 2)


async def test_a_statement_by_itself_that_is_refused_costs_no_connection(transactions: Database) -> None:
    await transactions.execute(ADD, ROW)
    with pytest.raises(asyncpg.UniqueViolationError):
        await transactions.execute(ADD, ROW)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await transactions.fetch_value(text("SELECT 1 / 0"))
    assert transactions.stats() == (0, 1, 2)
    assert await names(transactions) == ["lamp"]


async def test_who_waits_for_a_lock_for_too_long_is_told(database_url: str, transactions: Database) -> None:
    impatient = Database(database_url, pool_size=1, lock_timeout=0.05)
    async with transactions.transaction() as transaction:
        await transaction.execute(ADD, ROW)
        with pytest.raises(asyncpg.LockNotAvailableError) as refused:
            await write(impatient, EMPTY)
    assert is_lock_timeout(refused.value)
    assert is_transient(refused.value)
    await impatient.aclose()


async def test_what_fails_at_the_end_leaves_nothing(transactions: Database) -> None:
    async def fail(_: object) -> None:
        raise ChangedMindError

    async def add() -> None:
        async with transactions.transaction(before_commit=fail) as transaction:
            await transaction.execute(ADD, ROW)

    with pytest.raises(ChangedMindError):
        await add()
    assert await names(transactions) == []


async def test_who_is_cancelled_leaves_nothing_and_locks_nothing(transactions: Database) -> None:
    written = asyncio.Event()

    async def sleep() -> None:
        async with transactions.transaction() as transaction:
            await transaction.execute(ADD, ROW)
            written.set()
            await transaction.execute(text("SELECT pg_sleep(60)"))

    task = asyncio.create_task(sleep())
    await written.wait()
    task.cancel()
    await asyncio.wait([task])
    async with asyncio.timeout(10), transactions.transaction() as transaction:
        # It would wait for the other's row.
        await transaction.execute(ADD, ROW)
    assert await names(transactions) == ["lamp"]


@pytest.mark.parametrize("turns", range(12))
async def test_who_is_cancelled_at_any_moment_leaves_no_transaction_to_the_next(
    database_url: str, transactions: Database, turns: int
) -> None:
    """A connection does not know of a BEGIN that is under way."""
    one = Database(database_url, pool_size=1)
    await names(one)
    task = asyncio.create_task(write(one, RENAME_ALL))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await one.execute(ADD, {"id": 2, "name": "mine", "facts": {}})
    assert "mine" in await names(transactions)
    await one.aclose()


async def test_a_server_that_fell_silent_costs_one_transaction(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "STATEMENT_TIMEOUT", 0.5)
    async with Proxy(database_url) as proxy:
        one = Database(proxy.url, pool_size=1)
        await names(one)
        proxy.blackhole()
        with pytest.raises(TimeoutError):
            await names(one)
        assert one.stats() == (0, 0, 1)
        assert await names(one) == []
        await one.aclose()


async def test_a_rollback_that_fails_does_not_hide_why(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.database.database.ROLLBACK_TIMEOUT", 0.1)

    async def change_ones_mind() -> None:
        async with one.transaction() as transaction:
            await transaction.execute(ADD, ROW)
            proxy.blackhole()
            raise ChangedMindError

    async with Proxy(database_url) as proxy:
        one = Database(proxy.url, pool_size=1)
        with pytest.raises(ChangedMindError):
            await change_ones_mind()
        assert one.stats() == (0, 0, 1)
        assert await names(one) == []
        await one.aclose()


async def test_an_error_that_nobody_told_of_is_told_at_the_end(transactions: Database) -> None:
    async def swallow() -> None:
        async with transactions.transaction() as transaction:
            await transaction.execute(ADD, ROW)
            with contextlib.suppress(asyncpg.DivisionByZeroError):
                await transaction.execute(text("SELECT 1 / 0"))

    with pytest.raises(RolledBackError):
        await swallow()
    assert await names(transactions) == []


async def test_a_forgotten_argument_is_a_mistake_and_not_null(transactions: Database) -> None:
    async with transactions.transaction() as transaction:
        with pytest.raises(TypeError, match="least"):
            await transaction.execute(RENAME)


async def test_a_migration_meanwhile_fails_one_transaction(database_url: str, transactions: Database) -> None:
    boxes = select(table("box", column("n")))

    async def count() -> int:
        async with transactions.transaction() as transaction:
            return int(await transaction.fetch_value(boxes))

    await transactions.execute(text("CREATE TABLE box AS SELECT 1 AS n"))
    pool = Database(database_url, pool_size=3)
    async with transactions.transaction() as first, pool.transaction() as second, pool.transaction() as third:
        assert await first.fetch_value(boxes) == await second.fetch_value(boxes) == await third.fetch_value(boxes)
    async with pool.transaction():
        await transactions.execute(text("ALTER TABLE box ALTER COLUMN n TYPE text"))
        with pytest.raises(asyncpg.InvalidCachedStatementError) as outdated:
            await count()
    assert is_transient(outdated.value)
    async with pool.transaction(), pool.transaction():
        assert await count() == 1
    assert [await count(), await count()] == [1, 1]
    await pool.aclose()
    await transactions.execute(text("DROP TABLE box"))


async def test_a_connection_that_was_ended_is_an_outage_and_replaced(transactions: Database) -> None:
    end = text("SELECT pg_terminate_backend(pg_backend_pid())")
    for ending in (write(transactions, end), transactions.fetch_value(end)):
        with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)) as ended:
            await ending
        assert is_transient(ended.value)
        assert await names(transactions) == []


async def test_no_more_at_once_than_allowed(transactions: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async with transactions.transaction(), transactions.transaction():
        third = asyncio.create_task(names(transactions))
        await asyncio.sleep(0)  # It waits for its turn now, and another one for less long.
        with monkeypatch.context() as patch:
            patch.setattr(pool, "POOL_TIMEOUT", 0.05)
            with pytest.raises(TimeoutError):
                await names(transactions)
        assert transactions.stats() == (2, 2, 2)
        assert not third.done()
    assert await third == []
