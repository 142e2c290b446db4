"""A consumer as a process: a thing with a deadly name ends it at once."""

import asyncio
import os
import sys
from functools import partial
from typing import Annotated

from faststream.rabbit import RabbitRouter

from libs.broker import topology
from libs.consumers.inject import Inject
from libs.consumers.runner import ConsumerRunner
from libs.consumers.subscriber import subscriber
from libs.database.database import Database
from libs.tests.messaging.things import ThingChanged, ThingEvent, follow, topology_named

database_url, amqp_url, name = sys.argv[1:]
queue = topology_named(name)
router = RabbitRouter()


@subscriber(router, queue, ThingEvent)
async def things_changed(events: list[ThingEvent], transactions: Annotated[Database, Inject("transactions")]) -> None:
    if any(isinstance(event, ThingChanged) and event.name == "deadly" for event in events):
        os._exit(1)
    async with transactions.transaction() as transaction:
        await follow(transaction, *events)


async def main() -> None:
    transactions = Database(database_url, pool_size=5)
    declare = partial(topology.declare, amqp_url, exchanges=[queue.exchange], queues=[queue])
    await ConsumerRunner(transactions, amqp_url, [router], {"transactions": transactions}, declare=declare).run()


if __name__ == "__main__":
    asyncio.run(main())
