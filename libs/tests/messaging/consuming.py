"""A worker that reads the things of the service in small, and what it has come to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

from faststream.rabbit import RabbitRouter

from libs.broker.topology import RetryDelay
from libs.consumers.inject import Inject
from libs.consumers.runner import ConsumerRunner
from libs.consumers.subscriber import subscriber
from libs.database.database import Database
from libs.tests.messaging.sending import QUICK
from libs.tests.messaging.shop import Shop
from libs.tests.messaging.things import ThingEvent, follow

Handler = Callable[[list[ThingEvent], Database], Awaitable[object]]


async def apply(events: list[ThingEvent], transactions: Database) -> None:
    async with transactions.transaction() as transaction:
        await follow(transaction, *events)


@asynccontextmanager
async def consuming(
    shop: Shop,
    handler: Handler = apply,
    *,
    amqp_url: str | None = None,
    database_url: str | None = None,
    retry_delays: Sequence[RetryDelay] = QUICK,
) -> AsyncIterator[ConsumerRunner]:
    """From when it is told to start: what was sent before waits for it."""
    router = RabbitRouter()

    @subscriber(router, shop.queue, ThingEvent)
    async def things_changed(
        events: list[ThingEvent], transactions: Annotated[Database, Inject("transactions")]
    ) -> None:
        await handler(events, transactions)

    async def declare() -> None:
        await shop.declare(retry_delays)

    await declare()
    transactions = Database(database_url or shop.database_url, pool_size=5)
    given = {"transactions": transactions}
    consumption = ConsumerRunner(
        transactions, amqp_url or shop.amqp_url, [router], given, declare=declare, retry_delays=retry_delays
    )
    task = asyncio.create_task(consumption.run())
    try:
        yield consumption
    finally:
        await consumption.stop()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await transactions.aclose()


async def has_versions(shop: Shop, expected: dict[UUID, int]) -> bool:
    return {thing: row[0] for thing, row in (await shop.replica()).items()} == expected


async def has_things(shop: Shop, count: int) -> bool:
    return len(await shop.replica()) == count


async def are_left(shop: Shop, count: int) -> bool:
    """So many messages wait for a reader."""
    return await shop.ready(shop.queue.name) == count
