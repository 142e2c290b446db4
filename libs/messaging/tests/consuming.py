"""A worker that reads the things of the service in small, and what it has come to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

from faststream.rabbit import RabbitRouter

from libs.database.transactions import Transactions
from libs.messaging.consumer import subscriber
from libs.messaging.consumption import Consumption
from libs.messaging.given import Given
from libs.messaging.tests.sending import QUICK
from libs.messaging.tests.shop import Shop
from libs.messaging.tests.things import ThingEvent, follow
from libs.messaging.topology import Rung

Handler = Callable[[list[ThingEvent], Transactions], Awaitable[object]]


async def apply(events: list[ThingEvent], transactions: Transactions) -> None:
    async with transactions.begin() as transaction:
        await follow(transaction, *events)


@asynccontextmanager
async def consuming(
    shop: Shop,
    handler: Handler = apply,
    *,
    amqp_url: str | None = None,
    database_url: str | None = None,
    rungs: Sequence[Rung] = QUICK,
) -> AsyncIterator[Consumption]:
    """From when it is told to start: what was sent before waits for it."""
    router = RabbitRouter()

    @subscriber(router, shop.queue, ThingEvent)
    async def things_changed(
        events: list[ThingEvent], transactions: Annotated[Transactions, Given("transactions")]
    ) -> None:
        await handler(events, transactions)

    async def declare() -> None:
        await shop.declare(rungs)

    await declare()
    transactions = Transactions(database_url or shop.database_url, pool_size=5)
    given = {"transactions": transactions}
    consumption = Consumption(transactions, amqp_url or shop.amqp_url, [router], given, declare=declare, rungs=rungs)
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
