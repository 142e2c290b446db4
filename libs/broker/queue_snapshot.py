"""Taking all that stays in a queue into one's hands, and putting it back as it was.

RabbitMQ has no way to look at a message without taking it. What is not acknowledged when its channel ends goes back to
where it was, in its order, provided that nobody else has some of it: so one at a time has a queue.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from aio_pika.exceptions import ChannelNotFoundEntity
from aiormq.exceptions import ChannelLockedResource

from libs.broker.connection import broker_timeout

# The most that AMQP lets one reader hold. Without a number, a quorum queue gives 2,000.
MAX_PREFETCH = 65_535
LOCK = ".in-hand"
# Seconds. As long as somebody else may well need to read ten thousand messages.
LOCK_TIMEOUT = 20.0
RECEIVE_TIMEOUT = 15.0
_POLL = 0.1


class QueueBusyError(Exception):
    """A queue cannot be taken, or not all of it."""


class HeldQueue:
    def __init__(self, channel: AbstractChannel, queue: str) -> None:
        self._channel = channel
        self._queue = queue
        self.messages: list[AbstractIncomingMessage] = []
        self.total = 0

    async def fetch(self) -> None:
        await self._channel.set_qos(prefetch_count=MAX_PREFETCH)
        there = await self._channel.declare_queue(self._queue, passive=True)
        self.total = there.declaration_result.message_count or 0
        arriving: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        await there.consume(arriving.put)
        while len(self.messages) < min(self.total, MAX_PREFETCH):
            try:
                async with broker_timeout(RECEIVE_TIMEOUT):
                    self.messages.append(await arriving.get())
            except TimeoutError:
                raise QueueBusyError(f"{self._queue} gave {len(self.messages)} of {self.total} messages") from None

    async def ack(self, messages: Iterable[AbstractIncomingMessage]) -> None:
        """For good. Returns when the broker has heard of it."""
        for message in messages:
            await message.ack()
        await self._channel.declare_queue(self._queue, passive=True)


@asynccontextmanager
async def hold_queue(connection: AbstractConnection, queue: str) -> AsyncIterator[HeldQueue]:
    """All that is in a queue, oldest first. What is not let go of goes back at the end of the block."""
    async with _locked(connection, queue), connection.channel(publisher_confirms=False) as watching:
        reading = await connection.channel(publisher_confirms=False)
        hand = HeldQueue(reading, queue)
        try:
            try:
                await hand.fetch()
            except ChannelNotFoundEntity:
                # No worker has ever run on this broker.
                hand.messages.clear()
            yield hand
        finally:
            await reading.close()
            await _wait_until_requeued(watching, queue, sum(not message.processed for message in hand.messages))


@asynccontextmanager
async def _locked(connection: AbstractConnection, queue: str) -> AsyncIterator[None]:
    """A queue that belongs to this connection, as a lock: quorum queues do not know exclusive readers."""
    deadline = asyncio.get_running_loop().time() + LOCK_TIMEOUT
    while True:
        channel = await connection.channel(publisher_confirms=False)
        try:
            lock = await channel.declare_queue(queue + LOCK, exclusive=True, auto_delete=True)
            break
        except ChannelLockedResource:
            if asyncio.get_running_loop().time() > deadline:
                raise QueueBusyError(f"Somebody else has {queue} in hand; try again when they are done") from None
            await asyncio.sleep(_POLL)
    try:
        yield
    finally:
        await lock.delete()
        await channel.close()


async def _wait_until_requeued(channel: AbstractChannel, queue: str, count: int) -> None:
    """Whoever comes next must find all of them. They go back a moment after their channel has ended."""
    with contextlib.suppress(TimeoutError):
        async with broker_timeout(RECEIVE_TIMEOUT):
            while count:
                there = await channel.declare_queue(queue, passive=True)
                if (there.declaration_result.message_count or 0) >= count:
                    break
                await asyncio.sleep(_POLL / 10)
