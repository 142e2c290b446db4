"""Relay: from rows in the outbox to messages that a quorum queue has confirmed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
import asyncpg
import httpx

from benchmarks import events
from benchmarks.comparison import RATE, Claim, Comparison, Row
from benchmarks.fixtures import Fixtures
from benchmarks.profiles import Took, backlog_profile, timed
from benchmarks.programs import PATIENCE
from libs.contracts.topology import CATALOG_EVENTS, ORDER_PRODUCTS, TRACE
from libs.outbox.store import CHANNEL


@asynccontextmanager
async def relaying(ground: Fixtures) -> AsyncIterator[Comparison]:
    database_url, amqp_url = await ground.catalog(), await ground.broker()
    environment = {"DATABASE_URL": database_url, "AMQP_URL": amqp_url}
    async with (
        ground.running_all(("benchmarks.limits.relay", environment), ("catalog_service.worker", environment)) as (
            limit,
            shop,
        ),
        await aio_pika.connect(amqp_url) as connection,
        asyncpg.create_pool(database_url, min_size=1, max_size=1) as database,
        httpx.AsyncClient(base_url=limit.url, timeout=PATIENCE, trust_env=False) as client,
    ):
        queue = await only_queue(await connection.channel())

        async def by_limit(count: int) -> Took:
            took = (await client.get("/publish", params={"count": count})).json()
            await queue.purge()
            return took["seconds"], took["cpu_seconds"]

        async def by_shop(count: int) -> Took:
            version = next(events.versions)
            pile = [events.product_updated(number, version) for number in range(1, count + 1)]

            async def begin() -> None:
                await events.into_outbox(database, pile)
                await database.execute(f"NOTIFY {CHANNEL}")

            async def is_empty() -> bool:
                return bool(await database.fetchval("SELECT NOT EXISTS (SELECT FROM outbox)"))

            took = await timed(shop, begin, is_empty)
            await queue.purge()
            return took

        yield Comparison(limit=backlog_profile(by_limit), shop=backlog_profile(by_shop))


async def only_queue(channel: aio_pika.abc.AbstractChannel) -> aio_pika.abc.AbstractQueue:
    """The one that is left when all others are unbound: what is measured is the relay, and not the broker."""
    await (await channel.get_queue(TRACE)).unbind(CATALOG_EVENTS.name, "#")
    return await channel.get_queue(ORDER_PRODUCTS.name)


ROWS = (
    Row(
        "relay",
        "relay an event from the outbox to a quorum queue",
        [Claim(RATE, 0.8, 0.95)],
        relaying,
        "publishing, 500 in flight",
    ),
)
