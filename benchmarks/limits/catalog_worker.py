"""Stock follows orders: a batch of them in one transaction, the answers in the outbox, from where they are published.

There is enough of everything. Where there is not, the table's constraint refuses the batch, and it is tried again.
"""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aio_pika
import asyncpg
import orjson

from benchmarks.limits.asgi import Application
from benchmarks.limits.consuming import Event, consuming, newest
from benchmarks.limits.outbox import relaying
from benchmarks.limits.replica import nothing
from libs.contracts.topology import CATALOG_EVENTS, CATALOG_ORDERS

FOLLOWED = "SELECT order_id::text, order_version FROM reservations WHERE order_id = ANY($1::text[]::uuid[]) FOR UPDATE"
# Everybody locks in the order of ids.
LOCKED = """
    WITH line AS (
        SELECT order_id::uuid, product_id::uuid, quantity,
               row_number() OVER (PARTITION BY product_id ORDER BY order_id) AS nth
        FROM unnest($1::text[], $2::text[], $3::bigint[]) AS line (order_id, product_id, quantity)
    ), total AS (
        SELECT product_id, sum(quantity) AS quantity, count(*) AS times FROM line GROUP BY product_id
    ), locked AS (
        SELECT stock.product_id FROM stock JOIN products ON products.id = stock.product_id
        WHERE stock.product_id = ANY($2::text[]::uuid[]) AND is_active
        ORDER BY stock.product_id FOR UPDATE OF stock
    )
"""
HOLD = f"""
    {LOCKED}
    UPDATE stock SET reserved = stock.reserved + total.quantity, version = stock.version + times
    FROM locked JOIN total USING (product_id) WHERE stock.product_id = total.product_id
"""
ANSWER = """
    WITH event AS (
        SELECT order_id::uuid, version, lines FROM unnest($1::text[], $2::bigint[], $3::jsonb[])
            AS event (order_id, version, lines)
    ), held AS (
        INSERT INTO reservations (order_id, order_version, state, lines)
        SELECT order_id, version, 'held', lines FROM event
    )
    INSERT INTO outbox (event_id, aggregate, aggregate_id, version, type, payload, headers)
    SELECT gen_random_uuid(), 'reservation', order_id, version, 'stock.reserved',
           jsonb_build_object('order_id', order_id, 'order_version', version), '{"correlation_id": "-"}'
    FROM event
"""
SELL = f"""
    {LOCKED}, moved AS (
        UPDATE stock SET on_hand = stock.on_hand - total.quantity, reserved = stock.reserved - total.quantity,
                         version = stock.version + times
        FROM locked JOIN total USING (product_id) WHERE stock.product_id = total.product_id
        RETURNING stock.product_id, stock.version - times AS version
    )
    INSERT INTO stock_ledger (product_id, version, delta, reason, order_id, at)
    SELECT product_id, version + nth, -quantity, 'sold', order_id, now() FROM line JOIN moved USING (product_id)
"""
FOLLOW = """
    UPDATE reservations SET order_version = event.version, state = event.state
    FROM unnest($1::text[], $2::bigint[], $3::text[]) AS event (order_id, version, state)
    WHERE reservations.order_id = event.order_id::uuid
"""
STATES = {"awaiting_payment": "held", "paid": "sold"}


async def follow(database: asyncpg.Connection, events: Sequence[Event]) -> None:
    async with database.transaction():
        known = dict(await database.fetch(FOLLOWED, [event["id"] for event in events]))
        news = [event for event in newest(events) if event["version"] > known.get(event["id"], 0)]
        if placed := [event for event in news if event["status"] == "pending"]:
            await database.execute(HOLD, *lines(placed))
            await database.execute(ANSWER, *ids(placed), [kept(event) for event in placed])
        if paid := [event for event in news if event["status"] == "paid"]:
            await database.execute(SELL, *lines(paid))
        if later := [event for event in news if event["status"] in STATES]:
            await database.execute(FOLLOW, *ids(later), [STATES[event["status"]] for event in later])


def lines(events: Sequence[Event]) -> list[list[object]]:
    found = [(event["id"], item["product_id"], item["quantity"]) for event in events for item in event["items"]]
    return [list(column) for column in zip(*found, strict=True)]


def ids(events: Sequence[Event]) -> tuple[list[str], list[int]]:
    return [event["id"] for event in events], [event["version"] for event in events]


def kept(event: Event) -> str:
    return orjson.dumps({item["product_id"]: item["quantity"] for item in event["items"]}).decode()


@asynccontextmanager
async def working() -> AsyncIterator[None]:
    database = await asyncpg.connect(os.environ["DATABASE_URL"], server_settings={"jit": "off"})
    async with await aio_pika.connect(os.environ["AMQP_URL"]) as connection:

        async def handle(events: Sequence[Event]) -> None:
            await follow(database, events)

        async with (
            relaying(CATALOG_EVENTS.source, CATALOG_EVENTS.name),
            consuming(connection, CATALOG_ORDERS.name, handle),
        ):
            yield
    await database.close()


app = Application(working, nothing)
