"""From the outbox to the broker: takes what is there, publishes it all at once, and moves it when it is confirmed."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
import asyncpg
from aiormq import Channel

from benchmarks.limits.envelope import enveloped, properties
from benchmarks.limits.publishing import underlay

AT_ONCE = 500
# Seconds. Nobody rings: looking this often costs less than to be told.
EVERY = 0.005
TAKE = """
    SELECT id, event_id::text, aggregate_id::text, version, type, payload::text, created_at,
           headers ->> 'correlation_id' AS correlation_id, headers ->> 'traceparent' AS traceparent
    FROM outbox WHERE next_attempt_at <= now()
    ORDER BY next_attempt_at, id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
MOVE = """
    WITH moved AS (DELETE FROM outbox WHERE id = ANY($1::bigint[]) RETURNING *)
    INSERT INTO outbox_sent
        (id, event_id, aggregate, aggregate_id, version, type, payload, headers, created_at, attempts, queue)
    SELECT id, event_id, aggregate, aggregate_id, version, type, payload, headers, created_at, attempts, queue
    FROM moved
"""
PARTITION = "CREATE TABLE IF NOT EXISTS outbox_sent_all PARTITION OF outbox_sent DEFAULT"


@asynccontextmanager
async def relaying(source: str, exchange: str) -> AsyncIterator[None]:
    database = await asyncpg.connect(os.environ["DATABASE_URL"])
    await database.execute(PARTITION)
    async with await aio_pika.connect(os.environ["AMQP_URL"]) as connection:
        task = asyncio.create_task(_relay(database, await underlay(connection), source, exchange))
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await database.close()


async def _relay(database: asyncpg.Connection, channel: Channel, source: str, exchange: str) -> None:
    while True:
        async with database.transaction():
            rows = await database.fetch(TAKE, AT_ONCE)
            if rows:
                await asyncio.gather(*(_publish(channel, source, exchange, row) for row in rows))
                await database.execute(MOVE, [row["id"] for row in rows])
        if not rows:
            await asyncio.sleep(EVERY)


async def _publish(channel: Channel, source: str, exchange: str, row: Any) -> None:
    _, event_id, subject, version, event_type, payload, created_at, correlation_id, traceparent = row
    await channel.basic_publish(
        enveloped(event_id, source, event_type, subject, created_at, version, correlation_id, payload),
        exchange=exchange,
        routing_key=event_type,
        properties=properties(event_id, source, event_type, created_at, version, correlation_id, traceparent),
        mandatory=True,
        wait=False,
    )
