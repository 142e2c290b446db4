"""What PostgreSQL plans once for each connection, and not each time, which takes longer than doing it."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Final
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import bindparam, text

from benchmarks import data
from libs.database.database import Database
from libs.database.query import CompiledQuery, Reader
from libs.idempotency.queries import COMPLETE
from libs.testing.fixtures import DatabaseFor
from order_service.domain.status import Status
from order_service.repositories.order_update_sql import SAVE, changes_of
from order_service.tests.things import NOW, a_customer, an_order_that_is

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("planned")]

OFTEN: Final = 20
# PostgreSQL makes five for the very arguments, to compare with what one for any would cost.
ONCE: Final = {"custom_plans": 5, "generic_plans": OFTEN - 5}
PLANS: Final = text(
    "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE strpos(statement, :words) > 0"
).bindparams(bindparam("words"))
ANSWERED: Final = """
    INSERT INTO idempotency_keys
        (user_id, key, fingerprint, resource_id, outcome_unknown, created_at, status, headers, body)
    SELECT gen_random_uuid(), number, '', gen_random_uuid(), false, now(), 201, '{}', ''
    FROM generate_series(1, 10000) AS number
"""


@pytest.fixture(scope="module")
async def orders(database_for: DatabaseFor) -> str:
    url = await database_for("order_service", own="planned")
    database = await asyncpg.connect(url)
    await data.fill_orders(database, products=1_000, orders=10_000)
    await database.execute(ANSWERED)
    await database.execute("VACUUM ANALYZE")
    await database.close()
    return url


@pytest.fixture
async def transactions(orders: str) -> AsyncIterator[Database]:
    """On one connection."""
    transactions = Database(orders, pool_size=1)
    yield transactions
    await transactions.aclose()


@pytest.fixture
async def reader(orders: str) -> AsyncIterator[Reader]:
    """On one connection."""
    reader = Reader(orders, pool_size=1)
    yield reader
    await reader.aclose()


async def test_changing_an_order(transactions: Database) -> None:
    async with transactions.transaction() as transaction:
        for _ in range(OFTEN):
            order = an_order_that_is(Status.AWAITING_PAYMENT)
            order.cancel(a_customer(), NOW)
            await transaction.execute(SAVE, changes_of([order]))
        plans = await transaction.fetch_only(PLANS, {"words": "UPDATE orders"})
    assert {**plans} == ONCE


async def test_keeping_an_answer(reader: Reader) -> None:
    answer = {"keys": ["once"], "statuses": [201], "headers": [{}], "bodies": [b"{}"]}
    keep = partial(reader.fetch_all, COMPLETE, **answer)
    for _ in range(OFTEN):
        await keep(user_ids=[uuid4()], claims=[uuid4()])
    assert await reader.fetch_one(CompiledQuery(PLANS), words="UPDATE idempotency_keys") == ONCE
