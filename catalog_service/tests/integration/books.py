"""Whether the books are right: what must hold of stock, ledger and reservations whatever has happened."""

import asyncpg

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
