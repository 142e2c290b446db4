"""Events from a queue into the replica of products: up to a hundred at once, one upsert, one acknowledgement."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aio_pika
import asyncpg

from benchmarks.limits.asgi import NOT_FOUND, Answer, Application, Receive, Scope
from benchmarks.limits.consuming import Event, consuming, newest

QUEUE = "bench.products"
UPSERT = """
    INSERT INTO products (id, name, price, currency, is_active, version)
    SELECT id::uuid, name, price::numeric, currency, is_active, version
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::bigint[])
         AS event (id, name, price, currency, is_active, version)
    ON CONFLICT (id) DO UPDATE
    SET name = EXCLUDED.name, price = EXCLUDED.price, currency = EXCLUDED.currency, is_active = EXCLUDED.is_active,
        version = EXCLUDED.version, deleted_at = NULL
    WHERE products.version < EXCLUDED.version
"""
COLUMNS = ("id", "name", "price", "currency", "is_active", "version")


@asynccontextmanager
async def following() -> AsyncIterator[None]:
    database = await asyncpg.connect(os.environ["DATABASE_URL"], server_settings={"jit": "off"})
    upsert = await database.prepare(UPSERT)

    async def learn(events: Sequence[Event]) -> None:
        products = newest(events)
        await upsert.fetch(*([product[name] for product in products] for name in COLUMNS))

    async with await aio_pika.connect(os.environ["AMQP_URL"]) as connection:
        channel = await connection.channel()
        await channel.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        async with consuming(connection, QUEUE, learn):
            yield
    await database.close()


async def nothing(_: Scope, __: Receive) -> Answer:
    return NOT_FOUND


app = Application(following, nothing)
