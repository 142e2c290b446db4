"""Orders that stock follows, and whether the books are right: what must hold whatever has happened."""

from uuid import UUID

import asyncpg

from catalog_service.domain.reservation import OrderSnapshot
from catalog_service.tests.integration.catalog import Catalog, Json

WRONG = """
    SELECT stock.product_id, stock.on_hand, stock.reserved, entries.total, held.total AS held
    FROM stock
    LEFT JOIN LATERAL (
        SELECT coalesce(sum(delta), 0) AS total FROM stock_ledger WHERE stock_ledger.product_id = stock.product_id
    ) entries ON true
    LEFT JOIN LATERAL (
        SELECT coalesce(sum((lines ->> stock.product_id::text)::bigint), 0) AS total
        FROM reservations WHERE state = 'held'
    ) held ON true
    WHERE stock.on_hand <> entries.total OR stock.reserved <> held.total
"""


async def assert_right(database: asyncpg.Pool) -> None:
    """On hand is the sum of the ledger, and reserved is the sum of what is held."""
    assert [dict(row) for row in await database.fetch(WRONG)] == []


def order(order_id: UUID, version: int, status: str, *lines: tuple[Json, int]) -> OrderSnapshot:
    return OrderSnapshot(order_id, version, status, {UUID(product["id"]): quantity for product, quantity in lines})


async def answers(database: asyncpg.Pool, order_id: UUID) -> list[tuple[int, str]]:
    rows = await database.fetch("SELECT version, type FROM outbox WHERE aggregate_id = $1 ORDER BY version", order_id)
    return [(row["version"], row["type"]) for row in rows]


async def numbers(catalog: Catalog, product: Json) -> tuple[int, int]:
    stock = await catalog.get(f"/product/{product['id']}/stock")
    return stock["on_hand"], stock["reserved"]
