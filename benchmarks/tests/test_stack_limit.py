"""What the whole stack is measured against does the same: when an order is sold, both have written the same."""

import re
from pathlib import Path

import asyncpg
import pytest

from benchmarks.fixtures import Fixtures
from benchmarks.rows.stack import stacks

ORDERS = 3
# Ids and moments are each side's own; so is what carries a trace of them.
OWN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}"
    r"|\d{4}-\d\d-\d\d[T ][\d:.+Z]+|\d\d:\d\d UTC on \d+ \w+ \d+"
)
EVENTS = (
    "SELECT aggregate, version, type, payload FROM outbox"
    " UNION ALL SELECT aggregate, version, type, payload FROM outbox_sent"
)
# All the messages that an order is, from its placing to its payment.
OF_AN_ORDER = ["order.placed", "order.reserved", "order.paid"]
OF_ITS_STOCK = ["stock.reserved"]
OF_ORDERS = (
    "SELECT status, total, currency, delivery_address, version, reserved_until, username FROM orders WHERE version > 1",
    "SELECT version, actor, from_status, to_status, reason FROM order_history WHERE at > '2026-02-01'",
    "SELECT status, method, token, amount, currency, provider_reference, reason, due_at FROM payments",
    "SELECT amount, currency, declined_because FROM mock_provider_charges",
    "SELECT order_version, status, currency, lines, attempts, settled_at, reason FROM emails",
    "SELECT status, claim, outcome_unknown FROM idempotency_keys",
    EVENTS,
)
OF_CATALOG = (
    "SELECT * FROM stock WHERE version > 1",
    "SELECT product_id, version, delta, reason FROM stock_ledger",
    "SELECT order_version, state, lines, shortages FROM reservations",
    EVENTS,
)


@pytest.mark.slow
async def test_both_tell_as_much_and_end_with_the_same_books(tmp_path: Path) -> None:
    async with Fixtures.open(100, tmp_path) as ground, stacks(ground) as sides:
        limit, shop = sides
        for side in sides:
            await side.work(ORDERS)
        for database, types in ((shop.orders, OF_AN_ORDER), (shop.catalog, OF_ITS_STOCK)):
            told = [row["type"] for row in await database.fetch(EVENTS)]
            assert sorted(told) == sorted(types * ORDERS)
        assert await written(limit.orders, OF_ORDERS) == await written(shop.orders, OF_ORDERS)
        assert await written(limit.catalog, OF_CATALOG) == await written(shop.catalog, OF_CATALOG)


async def written(database: asyncpg.Pool, statements: tuple[str, ...]) -> list[list[str]]:
    return [sorted(OWN.sub("*", str(row)) for row in await database.fetch(statement)) for statement in statements]
