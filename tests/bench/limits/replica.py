"""Events from a queue into the replica of products: up to a hundred at once, one upsert, one acknowledgement."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aio_pika
import asyncpg
import orjson
from aio_pika.abc import AbstractIncomingMessage

from tests.bench.limits.asgi import NOT_FOUND, Answer, Application, Receive, Scope

QUEUE = "bench.products"
AT_ONCE = 100
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
    arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    database = await asyncpg.connect(os.environ["DATABASE_URL"], server_settings={"jit": "off"})
    async with await aio_pika.connect(os.environ["AMQP_URL"]) as connection:
        channel = await connection.channel()
        # While one batch is written, the next arrives.
        await channel.set_qos(prefetch_count=2 * AT_ONCE)
        queue = await channel.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        await queue.consume(arrived.put)
        task = asyncio.create_task(follow(arrived, database))
        yield
        task.cancel()
    await database.close()


async def follow(arrived: asyncio.Queue[AbstractIncomingMessage], database: asyncpg.Connection) -> None:
    upsert = await database.prepare(UPSERT)
    while True:
        batch = [await arrived.get()]
        while len(batch) < AT_ONCE and not arrived.empty():
            batch.append(arrived.get_nowait())
        await upsert.fetch(*columns([orjson.loads(message.body)["data"] for message in batch]))
        await batch[-1].ack(multiple=True)


def columns(events: Sequence[dict[str, object]]) -> list[list[object]]:
    """The newest of each product: one statement changes a row once."""
    newest: dict[object, dict[str, object]] = {}
    for event in events:
        if event["id"] not in newest or event["version"] > newest[event["id"]]["version"]:  # type: ignore[operator]
            newest[event["id"]] = event
    return [[event[name] for event in newest.values()] for name in COLUMNS]


async def nothing(_: Scope, __: Receive) -> Answer:
    return NOT_FOUND


app = Application(following, nothing)
