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

from libs.messaging.connection import answering

# The most that AMQP lets one reader hold. Without a number, a quorum queue gives 2,000.
MOST = 65_535
LOCK = ".in-hand"
# Seconds. As long as somebody else may well need to read ten thousand messages.
PATIENCE = 20.0
SILENCE = 15.0
_POLL = 0.1


class InHandError(Exception):
    """A queue cannot be taken, or not all of it."""


class InHand:
    def __init__(self, channel: AbstractChannel, queue: str) -> None:
        self._channel = channel
        self._queue = queue
        self.messages: list[AbstractIncomingMessage] = []
        self.total = 0

    async def take(self) -> None:
        await self._channel.set_qos(prefetch_count=MOST)
        there = await self._channel.declare_queue(self._queue, passive=True)
        self.total = there.declaration_result.message_count or 0
        arriving: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        await there.consume(arriving.put)
        while len(self.messages) < min(self.total, MOST):
            try:
                async with answering(SILENCE):
                    self.messages.append(await arriving.get())
            except TimeoutError:
                raise InHandError(f"{self._queue} gave {len(self.messages)} of {self.total} messages") from None

    async def let_go(self, messages: Iterable[AbstractIncomingMessage]) -> None:
        """For good. Returns when the broker has heard of it."""
        for message in messages:
            await message.ack()
        await self._channel.declare_queue(self._queue, passive=True)


@asynccontextmanager
async def in_hand(connection: AbstractConnection, queue: str) -> AsyncIterator[InHand]:
    """All that is in a queue, oldest first. What is not let go of goes back at the end of the block."""
    async with _alone(connection, queue), connection.channel(publisher_confirms=False) as watching:
        reading = await connection.channel(publisher_confirms=False)
        hand = InHand(reading, queue)
        try:
            try:
                await hand.take()
            except ChannelNotFoundEntity:
                # No worker has ever run on this broker.
                hand.messages.clear()
            yield hand
        finally:
            await reading.close()
            await _are_back(watching, queue, sum(not message.processed for message in hand.messages))


@asynccontextmanager
async def _alone(connection: AbstractConnection, queue: str) -> AsyncIterator[None]:
    """A queue that belongs to this connection, as a lock: quorum queues do not know exclusive readers."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        channel = await connection.channel(publisher_confirms=False)
        try:
            lock = await channel.declare_queue(queue + LOCK, exclusive=True, auto_delete=True)
            break
        except ChannelLockedResource:
            if asyncio.get_running_loop().time() > deadline:
                raise InHandError(f"Somebody else has {queue} in hand; try again when they are done") from None
            await asyncio.sleep(_POLL)
    try:
        yield
    finally:
        await lock.delete()
        await channel.close()


async def _are_back(channel: AbstractChannel, queue: str, count: int) -> None:
    """Whoever comes next must find all of them. They go back a moment after their channel has ended."""
    with contextlib.suppress(TimeoutError):
        async with answering(SILENCE):
            while count:
                there = await channel.declare_queue(queue, passive=True)
                if (there.declaration_result.message_count or 0) >= count:
                    break
                await asyncio.sleep(_POLL / 10)
