"""How soon a change that its owner has committed is seen in a replica, while nothing else happens."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from typing import Any, Final

import aio_pika
import asyncpg
from aiormq import Channel

from benchmarks import data, events
from benchmarks.comparison import P50, P99, Claim, Comparison, Measure, Row, Sample
from benchmarks.fixtures import Fixtures
from benchmarks.limits.publishing import underlay
from benchmarks.limits.replica import QUEUE
from benchmarks.load import Answers
from benchmarks.rows.replica import followers_database, worker_environment
from catalog_service.repositories.cache_invalidation import ChangePublisher
from catalog_service.repositories.unit_of_work import CatalogUnitOfWork
from catalog_service.services.manage_products import change_product
from libs.database.database import Database
from libs.outbox.notifier import OutboxNotifier
from libs.testing.wait import until

PUBLISHED: Final = data.product_id(1)
COMMITTED: Final = data.product_id(2)
# Version 0: whatever comes next replaces it.
FORGET: Final = "UPDATE products SET version = 0 WHERE id = ANY($1)"
TELL: Final = """
    CREATE FUNCTION bench_told() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_notify('bench_told', NEW.id || ' ' || NEW.version); RETURN NULL; END
    $$;
    CREATE TRIGGER bench_told AFTER INSERT OR UPDATE ON products FOR EACH ROW EXECUTE FUNCTION bench_told()
"""
TELL_NO_MORE: Final = "DROP FUNCTION bench_told CASCADE"
# Seconds between two changes: all has come to rest when one comes.
PAUSE: Final = 0.01
# Changes for a second that was asked for, and no less where they take longer: in a full round there are five hundred,
# of which the slowest hundredth is more than one that had bad luck.
A_SECOND: Final = 170

Seen = dict[str, float]
"""When a product's version was there, by what the trigger calls it."""
Change = Callable[[], Awaitable[tuple[str, float]]]
"""What the trigger will call it, and when it was done."""


@asynccontextmanager
async def seeing(ground: Fixtures) -> AsyncIterator[Comparison]:
    catalog_url, orders_url, amqp_url = await ground.catalog(), await followers_database(ground), await ground.broker()
    environment = worker_environment(orders_url, amqp_url)
    transactions, notifier = Database(catalog_url, pool_size=1), OutboxNotifier(catalog_url)
    async with (
        ground.running_all(
            ("benchmarks.limits.replica", environment),
            ("order_service.worker", environment),
            ("catalog_service.worker", {"DATABASE_URL": catalog_url, "AMQP_URL": amqp_url}),
        ),
        await aio_pika.connect(amqp_url) as connection,
        placed_orders(orders_url) as seen,
    ):
        channel = await underlay(connection)
        uow = partial(CatalogUnitOfWork, transactions, notifier, ChangePublisher(transactions))
        yield Comparison(limit=delays(partial(publish, channel), seen), shop=delays(partial(commit, uow), seen))
    await notifier.aclose()
    await transactions.aclose()


async def publish(channel: Channel) -> tuple[str, float]:
    version = next(events.versions)
    message = events.message(events.product_updated(1, version))
    began = time.perf_counter()
    await events.publish(channel, [message], queue=QUEUE)
    return f"{PUBLISHED} {version}", began


prices = itertools.cycle((Decimal("19.99"), Decimal("18.99")))


async def commit(uow: Any) -> tuple[str, float]:
    product, _ = await change_product(uow, COMMITTED, {"price": next(prices)}, None)
    return f"{COMMITTED} {product.version}", time.perf_counter()


@asynccontextmanager
async def placed_orders(database_url: str) -> AsyncIterator[Seen]:
    seen: Seen = {}
    database = await asyncpg.connect(database_url)

    def note(*notification: Any) -> None:
        seen[notification[-1]] = time.perf_counter()

    await database.execute(FORGET, [PUBLISHED, COMMITTED])
    await database.execute(TELL)
    await database.add_listener("bench_told", note)
    yield seen
    await database.execute(TELL_NO_MORE)
    await database.close()


def delays(change: Change, seen: Seen) -> Measure:
    """A number of them, and not a time."""

    async def measure(seconds: float) -> Sample:
        found = Answers(seconds)
        for _ in range(round(A_SECOND * seconds)):
            what, done = await change()
            # It is the trigger's message that tells the time, and not when somebody looks.
            await until(lambda what=what: what in seen, every=0.001)  # type: ignore[misc]
            found.milliseconds.append((seen.pop(what) - done) * 1000)
            await asyncio.sleep(PAUSE)
        return Sample(p50_ms=found.percentile(0.5), p99_ms=found.percentile(0.99))

    return measure


ROWS = (
    Row(
        "visible",
        "see in a replica what its owner has committed",
        [Claim(P50, 2.0, 1.3), Claim(P99, 2.0, 1.3)],
        seeing,
        "publish, consume, upsert",
    ),
)
