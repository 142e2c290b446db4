"""Orders follow the answers of stock, and letters tell of them: batches, each in one transaction, and a relay."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import aio_pika
import asyncpg

from benchmarks.limits.asgi import Application
from benchmarks.limits.consuming import Event, consuming
from benchmarks.limits.emails import letter
from benchmarks.limits.outbox import relaying
from benchmarks.limits.replica import nothing
from libs.contracts.topology import ORDER_EVENTS, ORDER_NOTIFICATIONS, ORDER_STOCK

# The order as its events tell it, from the row that a statement has changed.
TOLD = """
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
    )
    INSERT INTO outbox (event_id, aggregate, aggregate_id, version, type, payload, headers)
    SELECT gen_random_uuid(), 'order', id, version, 'order.reserved', {TOLD}, '{{"correlation_id": "-"}}' FROM changed
"""
CUSTOMERS = """
    SELECT orders.id::text, users.username, CASE status WHEN 'awaiting_payment' THEN reserved_until END
    FROM orders JOIN users ON users.id = user_id WHERE orders.id = ANY($1::text[]::uuid[])
"""
WRITTEN = """
    INSERT INTO notifications
        (order_id, order_version, order_status, written_at, delivery, subject, text, html, due_at)
    SELECT id::uuid, version, status, now(), 'waiting', subject, text, html, now()
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[])
         AS letter (id, version, status, subject, text, html)
    ON CONFLICT DO NOTHING
"""


async def answered(database: asyncpg.Connection, events: Sequence[Event]) -> None:
    answers = [(event["order_id"], event["order_version"]) for event in events]
    await database.execute(RESERVED, *map(list, zip(*answers, strict=True)))


async def changed(database: asyncpg.Connection, events: Sequence[Event]) -> None:
    found = await database.fetch(CUSTOMERS, [event["id"] for event in events])
    customers = {order_id: known for order_id, *known in found}
    letters = [
        (event["id"], event["version"], event["status"], *letter(event, *customers[event["id"]])) for event in events
    ]
    await database.execute(WRITTEN, *map(list, zip(*letters, strict=True)))


HANDLERS: dict[str, Callable[[asyncpg.Connection, Sequence[Event]], Awaitable[None]]] = {
    ORDER_STOCK.name: answered,
    ORDER_NOTIFICATIONS.name: changed,
}


@asynccontextmanager
async def working() -> AsyncIterator[None]:
    async with AsyncExitStack() as scope:
        connection = await scope.enter_async_context(await aio_pika.connect(os.environ["AMQP_URL"]))
        await scope.enter_async_context(relaying(ORDER_EVENTS.source, ORDER_EVENTS.name))
        for queue, handler in HANDLERS.items():
            database = await asyncpg.connect(os.environ["DATABASE_URL"], server_settings={"jit": "off"})
            scope.push_async_callback(database.close)
            await scope.enter_async_context(consuming(connection, queue, with_database(handler, database)))
        yield


def with_database(
    handler: Callable[[asyncpg.Connection, Sequence[Event]], Awaitable[None]], database: asyncpg.Connection
) -> Callable[[Sequence[Event]], Awaitable[None]]:
    async def handle(events: Sequence[Event]) -> None:
        await handler(database, events)

    return handle


app = Application(working, nothing)
