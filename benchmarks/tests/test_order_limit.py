"""What placing is measured against does the same: it answers and writes what the shop does."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import httpx
import pytest

from benchmarks import data
from benchmarks.programs import running
from benchmarks.rows.customers import Customers
from benchmarks.rows.orders import PATH, wanted
from libs.testing.fixtures import DatabaseFor

# One set of databases and processes for all of these.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("limits")]

PRODUCTS = 100
# Ids, traces and moments are each order's own.
OWN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    r"|00-[0-9a-f]{32}-[0-9a-f]{16}-00"
    r"|\d{4}-\d\d-\d\d[T ][\d:.]+"
)
WRITTEN = {
    "orders": "SELECT * FROM orders WHERE id = $1",
    "lines": "SELECT * FROM order_lines WHERE order_id = $1 ORDER BY position",
    "history": "SELECT * FROM order_history WHERE order_id = $1",
    "event": "SELECT * FROM outbox WHERE aggregate_id = $1",
    "key": "SELECT * FROM idempotency_keys WHERE resource_id = $1",
}
# Each row's own, and who had claimed a key that is answered.
UNLIKE = {"id", "event_id", "key"}

Sides = tuple[httpx.AsyncClient, httpx.AsyncClient]


@pytest.fixture(scope="module")
async def database(database_for: DatabaseFor) -> AsyncIterator[asyncpg.Connection]:
    database = await asyncpg.connect(await database_for("order_service", own="bench"))
    await data.fill_orders(database, PRODUCTS, orders=10)
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def sides(database_for: DatabaseFor, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sides]:
    logs = tmp_path_factory.mktemp("logs")
    async with AsyncExitStack() as scope:
        customers = await scope.enter_async_context(Customers.known())
        environment = customers.environment(await database_for("order_service", own="bench"))
        headers = {"Content-Type": "application/json", **customers.authorization(7)}
        clients = []
        for module in ("benchmarks.limits.orders", "order_service.main"):
            program = await scope.enter_async_context(running(module, environment, logs))
            client = httpx.AsyncClient(base_url=program.url, headers=headers, trust_env=False)
            clients.append(await scope.enter_async_context(client))
        limit, shop = clients
        yield limit, shop


async def test_both_answer_and_write_alike(database: asyncpg.Connection, sides: Sides) -> None:
    body = wanted([1, 50, 33])
    answers = [
        await client.post(PATH, content=body, headers={"Idempotency-Key": f"alike-{number}"})
        for number, client in enumerate(sides)
    ]
    limit, shop = answers
    assert limit.status_code == shop.status_code == 201
    assert OWN.sub("*", limit.text) == OWN.sub("*", shop.text)
    for name in ("Content-Type", "ETag"):
        assert limit.headers[name] == shop.headers[name]
    assert OWN.sub("*", limit.headers["Location"]) == OWN.sub("*", shop.headers["Location"])
    ours, theirs = [await written(database, answer.json()["id"]) for answer in answers]
    assert ours == theirs


@pytest.mark.usefixtures("database")
async def test_a_key_is_answered_once(sides: Sides) -> None:
    for number, client in enumerate(sides):
        key = {"Idempotency-Key": f"once-{number}"}
        first, again = [await client.post(PATH, content=wanted([1, 2, 3]), headers=key) for _ in range(2)]
        other = await client.post(PATH, content=wanted([3, 2, 1]), headers=key)
        assert again.content == first.content
        assert other.status_code == 422


async def written(database: asyncpg.Connection, order_id: str) -> dict[str, Any]:
    rows = {name: await database.fetch(statement, order_id) for name, statement in WRITTEN.items()}
    return {name: [comparable(row) for row in found] for name, found in rows.items()}


def comparable(row: asyncpg.Record) -> dict[str, Any]:
    return {
        name: OWN.sub("*", value.decode() if name == "body" else str(value))
        for name, value in row.items()
        if name not in UNLIKE
    }
