"""Memory of one process, after it has worked: what ending it would free."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import aio_pika
import asyncpg

from libs.contracts.topology import ORDER_PRODUCTS
from tests.bench.contest import MEMORY, Claim, Contest, Measure, Row, Sample
from tests.bench.ground import Ground
from tests.bench.limits.publishing import underlay
from tests.bench.load import get
from tests.bench.measuring import again_and_again, requests_to
from tests.bench.piles import piled_up
from tests.bench.programs import Program
from tests.bench.rows.customers import Customers
from tests.bench.rows.orders import orders
from tests.bench.rows.replica import followers_database, from_queue, worker_environment

CLAIMS: Final = (Claim(MEMORY, 1.5, 1.3),)
BARE: Final = "a bare FastAPI process"


@asynccontextmanager
async def api(ground: Ground) -> AsyncIterator[Contest]:
    """The largest, while it places orders."""
    async with Customers.known() as customers:
        environment = customers.environment(await ground.orders())
        async with bare(ground) as limit, ground.running("order_service.main", environment) as shop:
            work = requests_to(shop, orders(customers, ground.products))
            yield Contest(limit=limit, shop=after(work, shop))


@asynccontextmanager
async def worker(ground: Ground) -> AsyncIterator[Contest]:
    """The largest, while it follows products."""
    database_url, amqp_url = await followers_database(ground), await ground.broker()
    async with (
        bare(ground) as limit,
        ground.running("order_service.worker", worker_environment(database_url, amqp_url)) as shop,
        await aio_pika.connect(amqp_url) as connection,
        asyncpg.create_pool(database_url, min_size=1, max_size=1) as database,
    ):
        channel = await underlay(connection)
        work = piled_up(partial(from_queue, channel, database, shop, ORDER_PRODUCTS.name))
        yield Contest(limit=limit, shop=after(work, shop))


@asynccontextmanager
async def bare(ground: Ground) -> AsyncIterator[Measure]:
    async with ground.running("tests.bench.limits.framework", {}) as program:
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
