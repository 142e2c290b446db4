"""What must hold of stock, orders and money on a shop that is open. Each rule is a query for what breaks it.

One statement sees one moment, so nothing that is just happening is taken for a mistake.
"""

from dataclasses import dataclass
from typing import Final

import asyncpg

from libs.contracts.topology import CATALOG_ORDERS
from ops.verify.replicas import Replica

BOUGHT: Final = "('paid', 'shipped', 'delivered')"
FINAL: Final = "('rejected', 'cancelled', 'expired', 'refunded', 'delivered')"
ASKED: Final = "asked"


@dataclass(frozen=True, slots=True)
class Invariant:
    says: str
    service: str
    broken: str
    """Gives `id` and `found`, a text for people."""


INVARIANTS: Final = (
    Invariant(
        "reserved is what orders hold, and no more than is on hand",
        "catalog",
        """
        WITH held AS (
            SELECT key::uuid AS product_id, sum(value::bigint) AS units
            FROM reservations, jsonb_each_text(lines) WHERE state = 'held' GROUP BY key
        )
        SELECT product_id AS id,
               format('%s reserved, %s held, %s on hand', reserved, coalesce(units, 0), on_hand) AS found
        FROM stock LEFT JOIN held USING (product_id)
        WHERE reserved <> coalesce(units, 0) OR reserved NOT BETWEEN 0 AND on_hand
        """,
    ),
    Invariant(
        "on hand is what the ledger adds up to",
        "catalog",
        """
        WITH ledger AS (SELECT product_id, sum(delta) AS units FROM stock_ledger GROUP BY product_id)
        SELECT product_id AS id, format('%s on hand, %s in the ledger', on_hand, coalesce(units, 0)) AS found
        FROM stock LEFT JOIN ledger USING (product_id) WHERE on_hand <> coalesce(units, 0)
        """,
    ),
    Invariant(
        "what left the shelf is what was sold",
        "catalog",
        """
        WITH sold AS (
            SELECT order_id, key::uuid AS product_id, value::bigint AS units
            FROM reservations, jsonb_each_text(lines) WHERE state = 'sold'
        ), gone AS (
            SELECT order_id, product_id, -sum(delta) AS units FROM stock_ledger
            WHERE order_id IS NOT NULL GROUP BY order_id, product_id
        )
        SELECT order_id AS id,
               format('%s sold, %s gone of %s', coalesce(sold.units, 0), coalesce(gone.units, 0), product_id) AS found
        FROM sold FULL JOIN gone USING (order_id, product_id) WHERE coalesce(sold.units, 0) <> coalesce(gone.units, 0)
        """,
    ),
    Invariant(
        "what is bought was paid once and in full, and nothing else keeps money",
        "order",
        f"""
        WITH paid AS (
            SELECT order_id, count(*) AS times, sum(amount) AS amount FROM payments
            WHERE status = 'succeeded' GROUP BY order_id
        )
        SELECT id, format('%s, %s payments of %s in all, total %s', status, coalesce(times, 0), amount, total) AS found
        FROM orders LEFT JOIN paid ON order_id = id
        WHERE CASE WHEN status IN {BOUGHT} THEN (times, amount) IS DISTINCT FROM (1, total) ELSE times > 0 END
        """,  # noqa: S608 - made of constants
    ),
    Invariant(
        "the mock provider's book agrees with the payments",
        "order",
        """
        SELECT order_id AS id, format('%s here, %s there', status, CASE
            WHEN payment_id IS NULL THEN 'unknown' WHEN declined_because IS NOT NULL THEN 'declined'
            WHEN refunded_at IS NOT NULL THEN 'refunded' ELSE 'captured' END) AS found
        FROM payments LEFT JOIN mock_provider_charges ON payment_id = payments.id
        WHERE status NOT IN ('started', 'refunding') AND (provider_reference LIKE 'mock\\_%' OR payment_id IS NOT NULL)
          AND (status = 'succeeded', status = 'refunded') IS DISTINCT FROM (
              payment_id IS NOT NULL AND declined_because IS NULL AND refunded_at IS NULL,
              payment_id IS NOT NULL AND refunded_at IS NOT NULL)
        """,
    ),
    Invariant(
        "histories have no gap, end where the order is, and final is final",
        "order",
        f"""
        WITH steps AS (
            SELECT order_id, version, from_status, to_status, lag(to_status) OVER each_one AS before,
                   row_number() OVER each_one AS place, last_value(to_status) OVER each_one AS now
            FROM order_history WINDOW each_one AS (PARTITION BY order_id ORDER BY version)
        ), wrong AS (
            SELECT order_id FROM steps
            WHERE version <> place OR from_status IS DISTINCT FROM before
               OR (before IN {FINAL} AND to_status <> before)
        ), ends AS (
            SELECT DISTINCT ON (order_id) order_id, version, to_status FROM order_history
            ORDER BY order_id, version DESC
        )
        SELECT id, format('%s at version %s, its history ends with %s at %s',
                          orders.status, orders.version, ends.to_status, ends.version) AS found
        FROM orders LEFT JOIN ends ON ends.order_id = id
        WHERE (ends.version, ends.to_status) IS DISTINCT FROM (orders.version, orders.status)
           OR id IN (SELECT order_id FROM wrong)
        """,  # noqa: S608 - made of constants
    ),
)

# Stock follows orders over events, as a replica does. What an order's version adds for others is its status and its
# lines, so these are compared, and not the version: a note about a payment is no event.
HELD_STOCK: Final = Replica(
    CATALOG_ORDERS.name,
    owner="order",
    owner_sql=f"""
        SELECT id, 0::bigint AS version, CASE
            WHEN status = 'pending' THEN '{ASKED}'
            WHEN status = 'awaiting_payment' THEN 'held ' || lines
            WHEN status IN {BOUGHT} THEN 'sold ' || lines
            ELSE 'released' END AS state
        FROM orders, LATERAL (
            SELECT jsonb_object_agg(product_id, quantity)::text AS lines FROM order_lines WHERE order_id = orders.id
        ) AS bought
    """,  # noqa: S608 - made of constants
    follower="catalog",
    table="reservations",
    replica_sql="""
        SELECT order_id AS id, 0::bigint AS version,
               CASE WHEN state IN ('held', 'sold') THEN state || ' ' || lines::text ELSE 'released' END AS state
        FROM reservations
    """,
    unrecoverable=frozenset(),
)


async def broken(rule: Invariant, database: asyncpg.Pool) -> list[asyncpg.Record]:
    found: list[asyncpg.Record] = await database.fetch(rule.broken)
    return found
