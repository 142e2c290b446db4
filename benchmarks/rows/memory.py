"""Memory of one process, after it has worked: what ending it would free."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import aio_pika
import asyncpg

from benchmarks.comparison import MEMORY, Claim, Comparison, Measure, Row, Sample
from benchmarks.fixtures import Fixtures
from benchmarks.limits.publishing import underlay
from benchmarks.load import get
from benchmarks.measuring import again_and_again, requests_to
from benchmarks.profiles import backlog_profile
from benchmarks.programs import Program
from benchmarks.rows.customers import Customers
from benchmarks.rows.orders import orders
from benchmarks.rows.replica import followers_database, from_queue, worker_environment
from libs.contracts.topology import ORDER_PRODUCTS

CLAIMS: Final = (Claim(MEMORY, 1.5, 1.3),)
BARE: Final = "a bare FastAPI process"


@asynccontextmanager
async def api(ground: Fixtures) -> AsyncIterator[Comparison]:
    """The largest, while it places orders."""
    async with Customers.known() as customers:
        environment = customers.environment(await ground.orders())
        async with bare(ground) as limit, ground.running("order_service.main", environment) as shop:
            work = requests_to(shop, orders(customers, ground.products))
            yield Comparison(limit=limit, shop=after(work, shop))


@asynccontextmanager
async def worker(ground: Fixtures) -> AsyncIterator[Comparison]:
    """The largest, while it follows products."""
    database_url, amqp_url = await followers_database(ground), await ground.broker()
    async with (
        bare(ground) as limit,
        ground.running("order_service.worker", worker_environment(database_url, amqp_url)) as shop,
        await aio_pika.connect(amqp_url) as connection,
        asyncpg.create_pool(database_url, min_size=1, max_size=1) as database,
    ):
        channel = await underlay(connection)
        work = backlog_profile(partial(from_queue, channel, database, shop, ORDER_PRODUCTS.name))
        yield Comparison(limit=limit, shop=after(work, shop))


@asynccontextmanager
async def bare(ground: Fixtures) -> AsyncIterator[Measure]:
    async with ground.running("benchmarks.limits.framework", {}) as program:
        yield after(requests_to(program, again_and_again([get("/health/ready")])), program)


def after(work: Callable[[float], Awaitable[Any]], program: Program) -> Measure:
    async def measure(seconds: float) -> Sample:
        await work(seconds)
        return Sample(mib=program.mib())

    return measure


ROWS = (
    Row("memory-api", "memory of order's API", CLAIMS, api, BARE),
    Row("memory-worker", "memory of order's worker", CLAIMS, worker, BARE),
)
