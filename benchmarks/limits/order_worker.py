"""Orders follow the answers of stock: batches, each in one transaction, and a relay."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import aio_pika
import asyncpg

from benchmarks.limits.asgi import Application
from benchmarks.limits.consuming import Event, consuming
from benchmarks.limits.outbox import relaying
from benchmarks.limits.replica import nothing
from libs.contracts.topology import ORDER_EVENTS, ORDER_STOCK

# The order as its events tell it, from the row that a statement has changed.
EVENT = """
    jsonb_build_object(
        'id', changed.id, 'version', changed.version, 'user_id', user_id, 'status', status, 'items', (
            SELECT jsonb_agg(jsonb_build_object(
                'product_id', product_id, 'name', name, 'unit_price', unit_price::text, 'quantity', quantity,
                'line_total', (unit_price * quantity)::text
            ) ORDER BY position)
            FROM order_lines WHERE order_id = changed.id
        ), 'total', total::text, 'currency', currency
    )
"""
# The e-mail about that.
EMAIL = """
    INSERT INTO emails (order_id, order_version, currency, lines, created_at, due_at)
    SELECT changed.id, changed.version, currency, (
        SELECT jsonb_agg(jsonb_build_array(product_id, name, unit_price::text, quantity) ORDER BY position)
        FROM order_lines WHERE order_id = changed.id
    ), now(), now()
    FROM changed
"""
RESERVED = f"""
    WITH changed AS (
        UPDATE orders
        SET status = 'awaiting_payment', version = orders.version + 1, reserved_until = now() + interval '15 minutes',
            updated_at = now(), announced_at = now()
        FROM unnest($1::text[], $2::bigint[]) AS answer (id, version)
        WHERE orders.id = answer.id::uuid AND orders.version = answer.version AND status = 'pending'
        RETURNING orders.id, orders.version, user_id, status, total, currency
    ), history AS (
        INSERT INTO order_history (order_id, version, at, actor, from_status, to_status)
        SELECT id, version, now(), 'catalog', 'pending', 'awaiting_payment' FROM changed
    ), email AS ({EMAIL})
    INSERT INTO outbox (event_id, aggregate, aggregate_id, version, type, payload, headers)
    SELECT gen_random_uuid(), 'order', id, version, 'order.reserved', {EVENT}, '{{"correlation_id": "-"}}' FROM changed
"""


async def answered(database: asyncpg.Connection, events: Sequence[Event]) -> None:
    answers = [(event["order_id"], event["order_version"]) for event in events]
    await database.execute(RESERVED, *map(list, zip(*answers, strict=True)))


@asynccontextmanager
async def working() -> AsyncIterator[None]:
    async with AsyncExitStack() as scope:
        connection = await scope.enter_async_context(await aio_pika.connect(os.environ["AMQP_URL"]))
        await scope.enter_async_context(relaying(ORDER_EVENTS.source, ORDER_EVENTS.name))
        database = await asyncpg.connect(os.environ["DATABASE_URL"], server_settings={"jit": "off"})
        scope.push_async_callback(database.close)
        await scope.enter_async_context(consuming(connection, ORDER_STOCK.name, partial(answered, database)))
        yield


app = Application(working, nothing)
