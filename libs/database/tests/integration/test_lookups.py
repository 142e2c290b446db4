"""Rows by keys, and how PostgreSQL goes about it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Integer, column, select, table, text

from libs.database.arrays import any_of
from libs.database.lookups import Lookup
from libs.database.reads import Query, Reader
from libs.database.transactions import Transactions

SHELF = table("shelf", column("id", Integer), column("name"))
BY_ID = Query(select(SHELF).where(SHELF.c.id == any_of("keys", Integer)))
PLANS = Query(
    text("SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT shelf.id%'")
)
OFTEN = 20


@pytest.fixture
async def one(database_url: str, transactions: Transactions) -> AsyncIterator[Reader]:
    """It has one connection, and the shelf three things."""
    async with transactions.begin() as transaction:
        await transaction.execute(text("TRUNCATE shelf"))
        await transaction.execute(text("INSERT INTO shelf (id, name) VALUES (1, 'lamp'), (2, 'bulb'), (3, 'desk')"))
    reader = Reader(database_url, pool_size=1)
    yield reader
    await reader.aclose()


async def test_each_gets_what_it_asked_for(one: Reader) -> None:
    lookup: Lookup[int] = Lookup(one, BY_ID, "id")
    found = await asyncio.gather(*(lookup.one(number) for number in (1, 3, 9)), lookup.all([2, 3]))
    lamp, bulb, desk = ({"id": number, "name": name} for number, name in enumerate(("lamp", "bulb", "desk"), 1))
    assert found == [lamp, desk, None, {2: bulb, 3: desk}]


async def test_it_is_planned_once(one: Reader) -> None:
    lookup: Lookup[int] = Lookup(one, BY_ID, "id")
    for _ in range(OFTEN):
        await lookup.one(2)
    plans = await one.first(PLANS)
    # PostgreSQL compares with what plans for the very keys would cost, and has made five to know it.
    assert plans == {"custom_plans": 5, "generic_plans": OFTEN - 5}
