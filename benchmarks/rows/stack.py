"""Place → reserved → paid → sold, through all processes that take part, and all e-mails about it waiting."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from benchmarks import data
from benchmarks.client import BenchmarkClient
from benchmarks.comparison import RATE, Claim, Comparison, Row
from benchmarks.fixtures import Fixtures
from benchmarks.load import CONNECTIONS, post
from benchmarks.profiles import EVERY, PATIENCE, Took, backlog_profile
from benchmarks.programs import Program
from benchmarks.rows.customers import Customers
from benchmarks.rows.orders import PATH, wanted
from benchmarks.rows.replica import worker_environment
from libs.testing.wait import until

# Orders that are on their way together.
AT_ONCE: Final = 64
# Of placing, of what was reserved, and of the payment.
EMAILS: Final = 3
# Each connection of a pool knows a statement only once it has run it.
WARM: Final = 300
# What a quick run can wait for.
LUKEWARM: Final = 100
CARD: Final = json.dumps({"method": "card", "token": "tok_ok"}).encode()
# Order's API, order's worker, catalog's worker. Databases and queues are their own: other rows have left orders behind.
SIDES: Final = (
    ("_limit", [f"benchmarks.limits.{name}" for name in ("order_api", "order_worker", "catalog_worker")]),
    ("_shop", ["order_service.main", "order_service.worker", "catalog_service.worker"]),
)
SOLD: Final = "SELECT count(*) FROM reservations WHERE state = 'sold'"
WRITTEN: Final = "SELECT count(*) FROM emails"


@dataclass
class Side:
    """One whole stack, with databases and queues of its own, and what its customers see of it."""

    customers: Customers
    products: int
    programs: Sequence[Program]
    orders: asyncpg.Pool
    catalog: asyncpg.Pool
    _reserved: dict[UUID, asyncio.Event] = field(default_factory=dict)

    def cpu_seconds(self) -> float:
        return sum(program.cpu_seconds() for program in self.programs)

    async def work(self, count: int) -> Took:
        sold, written = await self.catalog.fetchval(SOLD), await self.orders.fetchval(WRITTEN)

        async def is_over() -> bool:
            all_sold: bool = await self.catalog.fetchval(SOLD) >= sold + count
            return all_sold and await self.orders.fetchval(WRITTEN) >= written + EMAILS * count

        turns = asyncio.Semaphore(AT_ONCE)
        started, cpu = time.perf_counter(), self.cpu_seconds()
        async with BenchmarkClient.open(self.programs[0].url, CONNECTIONS) as api, asyncio.TaskGroup() as watching:
            watch = watching.create_task(self._watch())
            async with asyncio.TaskGroup() as buying:
                for number in range(count):
                    buying.create_task(self._buy(api, turns, number))
            watch.cancel()
        await until(is_over, timeout=PATIENCE, every=EVERY)
        return time.perf_counter() - started, self.cpu_seconds() - cpu

    async def _buy(self, api: BenchmarkClient, turns: asyncio.Semaphore, number: int) -> None:
        buyer = self.customers.authorization(number % data.BUYERS + 1)
        goods = [(number * 3 + line) * 7 % self.products + 1 for line in range(3)]
        async with turns:
            placed = json.loads(await api.ask(_once(PATH, wanted(goods), buyer)))
            reserved = self._reserved[UUID(placed["id"])] = asyncio.Event()
            await reserved.wait()
            await api.ask(_once(f"{PATH}/{placed['id']}/payment", CARD, buyer))

    async def _watch(self) -> None:
        """Wakes who waits. One question for all of them, where each would ask again and again."""
        while True:
            for row in await self.orders.fetch("SELECT id FROM orders WHERE status = 'awaiting_payment'"):
                if (reserved := self._reserved.pop(row["id"], None)) is not None:
                    reserved.set()
            await asyncio.sleep(EVERY)


def _once(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    return post(path, body, {**headers, "Idempotency-Key": str(uuid4())})


@asynccontextmanager
async def selling(ground: Fixtures) -> AsyncIterator[Comparison]:
    async with stacks(ground) as (limit, shop):
        smallest = LUKEWARM if ground.quick else WARM
        yield Comparison(limit=backlog_profile(limit.work, smallest), shop=backlog_profile(shop.work, smallest))


@asynccontextmanager
async def stacks(ground: Fixtures) -> AsyncIterator[tuple[Side, Side]]:
    async with (
        Customers.known() as customers,
        _side(ground, customers, *SIDES[0]) as limit,
        _side(ground, customers, *SIDES[1]) as shop,
    ):
        yield limit, shop


@asynccontextmanager
async def _side(ground: Fixtures, customers: Customers, own: str, modules: Sequence[str]) -> AsyncIterator[Side]:
    orders_url, catalog_url = await ground.orders(own=own), await ground.catalog(own=own)
    amqp_url = await ground.broker(own)
    environments = (
        customers.environment(orders_url),
        worker_environment(orders_url, amqp_url),
        {"DATABASE_URL": catalog_url, "AMQP_URL": amqp_url},
    )
    async with AsyncExitStack() as scope:
        wanted = zip(modules, environments, strict=True)
        programs = await scope.enter_async_context(ground.running_all(*wanted))
        orders, catalog = [
            await scope.enter_async_context(asyncpg.create_pool(url, min_size=1, max_size=1))
            for url in (orders_url, catalog_url)
        ]
        yield Side(customers, ground.products, programs, orders, catalog)


ROWS = (
    Row(
        "stack",
        "place an order, have it reserved, pay it, have it sold",
        [Claim(RATE, 0.5, 0.7)],
        selling,
        "bare programs",
    ),
)
