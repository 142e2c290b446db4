"""What tests do with the service in small."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.broker import topology
from libs.broker.confirmed_channel import Declare
from libs.broker.topology import RETRY_DELAYS, RetryDelay
from libs.contracts.base import Event
from libs.contracts.topology import StaticQueue
from libs.database.database import Database
from libs.observability.context import TraceContext
from libs.outbox.relay import Relay
from libs.outbox.store import store
from libs.process.cancellation import cancel_and_wait
from libs.tests.messaging.things import OUTBOX, THINGS


@dataclass
class Shop:
    """What a test sees of the service in small: its outbox, its replica and the broker's queues."""

    database_url: str
    amqp_url: str
    engine: AsyncEngine
    transactions: Database
    name: str
    queue: StaticQueue
    channel: AbstractChannel

    async def store(self, *events: Event, queue: str = "") -> None:
        async with self.transactions.transaction() as transaction:
            await store(transaction, events, cause=TraceContext("story-1"), queue=queue)

    async def declare(self, retry_delays: Sequence[RetryDelay] = RETRY_DELAYS, *, amqp_url: str | None = None) -> None:
        await self.declare_unbound(retry_delays, amqp_url=amqp_url)
        await topology.bind(amqp_url or self.amqp_url, [self.queue])

    async def declare_unbound(
        self, retry_delays: Sequence[RetryDelay] = RETRY_DELAYS, *, amqp_url: str | None = None
    ) -> None:
        await topology.declare(
            amqp_url or self.amqp_url, exchanges=[self.queue.exchange], queues=[self.queue], retry_delays=retry_delays
        )

    async def waiting(self) -> int:
        """Rows in the outbox."""
        async with self.engine.connect() as connection:
            return len((await connection.execute(select(OUTBOX.c.id))).all())

    async def nothing_waits(self) -> bool:
        return await self.waiting() == 0

    async def replica(self) -> dict[uuid.UUID, tuple[int, str, bool]]:
        async with self.engine.connect() as connection:
            rows = await connection.execute(select(THINGS))
            return {row.id: (row.version, row.name, row.is_deleted) for row in rows}

    async def ready(self, name: str) -> int:
        """Messages in a queue that wait for a reader."""
        queue = await self.channel.declare_queue(name, passive=True)
        return queue.declaration_result.message_count or 0

    async def take(self, name: str, count: int) -> list[AbstractIncomingMessage]:
        """Waits for that many messages and takes them away."""
        queue = await self.channel.declare_queue(name, passive=True)
        taken: list[AbstractIncomingMessage] = []
        async with asyncio.timeout(60), queue.iterator() as messages:
            async for message in messages:
                await message.ack()
                taken.append(message)
                if len(taken) == count:
                    break
        return taken

    def relay(
        self, *, database_url: str | None = None, amqp_url: str | None = None, declare: Declare | None = None
    ) -> Relay:
        return Relay(
            database_url or self.database_url,
            amqp_url or self.amqp_url,
            self.queue.exchange,
            declare=declare or partial(self.declare, amqp_url=amqp_url),
        )


@asynccontextmanager
async def running(work: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Runs something that never ends by itself for the length of a block."""
    task = asyncio.create_task(work())
    try:
        yield
    finally:
        await cancel_and_wait([task])
        assert task.done()
