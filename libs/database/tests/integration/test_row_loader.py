"""Rows by keys, and how PostgreSQL goes about it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Integer, column, select, table, text

from libs.database.arrays import any_array
from libs.database.database import Database
from libs.database.query import CompiledQuery, Reader
from libs.database.row_loader import RowLoader

SHELF = table("shelf", column("id", Integer), column("name"))
BY_ID = CompiledQuery(select(SHELF).where(SHELF.c.id == any_array("keys", Integer)))
PLANS = CompiledQuery(
    text("SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT shelf.id%'")
)
OFTEN = 20


@pytest.fixture
async def one(database_url: str, transactions: Database) -> AsyncIterator[Reader]:
    """It has one connection, and the shelf three things."""
    async with transactions.transaction() as transaction:
        await transaction.execute(text("TRUNCATE shelf"))
        await transaction.execute(text("INSERT INTO shelf (id, name) VALUES (1, 'lamp'), (2, 'bulb'), (3, 'desk')"))
    reader = Reader(database_url, pool_size=1)
    yield reader
    await reader.aclose()


async def test_each_gets_what_it_asked_for(one: Reader) -> None:
    lookup: RowLoader[int] = RowLoader(one, BY_ID, "id")
    found = await asyncio.gather(*(lookup.load(number) for number in (1, 3, 9)), lookup.load_many([2, 3]))
    lamp, bulb, desk = ({"id": number, "name": name} for number, name in enumerate(("lamp", "bulb", "desk"), 1))
    assert found == [lamp, desk, None, {2: bulb, 3: desk}]


async def test_it_is_planned_once(one: Reader) -> None:
    lookup: RowLoader[int] = RowLoader(one, BY_ID, "id")
    for _ in range(OFTEN):
        await lookup.load(2)
    plans = await one.fetch_one(PLANS)
    # PostgreSQL compares with what plans for the very keys would cost, and has made five to know it.
    assert plans == {"custom_plans": 5, "generic_plans": OFTEN - 5}
