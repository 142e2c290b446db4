"""Replica: from messages in a queue to rows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import aio_pika
import asyncpg
from aiormq import Channel

from benchmarks import data, events
from benchmarks.comparison import RATE, Claim, Comparison, Row
from benchmarks.fixtures import Fixtures
from benchmarks.limits.publishing import underlay
from benchmarks.limits.replica import QUEUE
from benchmarks.profiles import Took, backlog_profile, timed
from benchmarks.programs import Program
from libs.contracts.topology import ORDER_PRODUCTS
from libs.testing.ports import free_port


def worker_environment(database_url: str, amqp_url: str) -> dict[str, str]:
    # There is no post office: nothing here is about orders.
    mail = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(free_port()), "MAIL_FROM": "shop@example.com"}
    return {"DATABASE_URL": database_url, "AMQP_URL": amqp_url, **mail}


async def followers_database(ground: Fixtures) -> str:
    """One to which no row has added orders: a worker would find them and be busy with them meanwhile."""
    return await ground.orders(own="_followers")


@asynccontextmanager
async def following(ground: Fixtures) -> AsyncIterator[Comparison]:
    database_url, amqp_url = await followers_database(ground), await ground.broker()
    environment = worker_environment(database_url, amqp_url)
    async with (
        ground.running_all(("benchmarks.limits.replica", environment), ("order_service.worker", environment)) as (
            limit,
            shop,
        ),
        await aio_pika.connect(amqp_url) as connection,
        asyncpg.create_pool(database_url, min_size=1, max_size=1) as database,
    ):
        pile = partial(from_queue, await underlay(connection), database)
        yield Comparison(
            limit=backlog_profile(partial(pile, limit, QUEUE)),
            shop=backlog_profile(partial(pile, shop, ORDER_PRODUCTS.name)),
        )


async def from_queue(channel: Channel, database: asyncpg.Pool, program: Program, queue: str, count: int) -> Took:
    """Whoever reads stands still while their queue is filled."""
    version = next(events.versions)
    messages = [events.message(events.product_updated(number, version)) for number in range(1, count + 1)]
    first, last = data.product_id(1), data.product_id(count)

    async with database.acquire() as connection:

        async def is_done() -> bool:
            new = "SELECT count(*) FROM products WHERE id BETWEEN $1 AND $2 AND version = $3"
            return int(await connection.fetchval(new, first, last, version)) == count

        with program.standing_still() as go_on:
            await events.publish(channel, messages, queue=queue)
            return await timed(program, go_on, is_done)


ROWS = (
    Row(
        "replica",
        "take an event from a queue into a replica",
        [Claim(RATE, 0.6, 0.85)],
        following,
        "batches of 100",
    ),
)
