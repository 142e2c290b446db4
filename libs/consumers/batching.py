"""Messages of one queue, taken together: what is there, without waiting for more."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aio_pika import IncomingMessage
from aiormq.abc import AbstractChannel
from aiormq.exceptions import ChannelInvalidStateError

from libs.consumers.message import Decoder, IncomingEvent, is_redelivered
from libs.observability.context import Subject, TraceContext, trace_of

BATCH_SIZE = 100
# While one batch is written, the next arrives.
PREFETCH = 2 * BATCH_SIZE
# Of the event loop, for one more portion: it is received, taken apart, and each message gets a task.
LOOP_TURNS = 3
# Those that go one by one.
MAX_CONCURRENT = 10


@dataclass(frozen=True, slots=True)
class Delivery:
    message: IncomingMessage
    read: IncomingEvent
    at: float


@dataclass(slots=True)
class Batch:
    """Travels through FastStream as one message."""

    channel: "_ChannelState"
    taken: list[Delivery] = field(default_factory=list)
    is_settled: bool = False
    """Otherwise its messages go one by one."""

    @property
    def messages(self) -> Sequence[IncomingEvent]:
        return [each.read for each in self.taken]

    def trace_contexts(self, traces: Sequence[str | None]) -> Mapping[Subject, TraceContext]:
        """Of what is done to whatever the messages are about."""
        found: dict[Subject, TraceContext] = {}
        told = sorted(zip(self.messages, traces, strict=True), key=lambda each: each[0].event.sequence)
        for read, trace in told:
            event, cause = read.event, TraceContext(read.correlation_id, trace_of(trace))
            # What is told again was acted on when it was told first.
            found[event.subject] = found.setdefault((event.subject, event.sequence), cause)
        return found

    async def ack(self) -> None:
        await self.channel.ack(self.taken)


Consume = Callable[[Any], Awaitable[Any]]


class BatchingConsumer:
    """Stands before a subscriber. Each channel is by itself: what came over a former one comes again."""

    def __init__(self, consume: Consume, read: Decoder) -> None:
        self._consume = consume
        self._read = read
        self._channels: dict[AbstractChannel, _ChannelState] = {}

    async def take(self, message: IncomingMessage) -> None:
        try:
            channel = message.channel
        except ChannelInvalidStateError:
            return
        found = self._channels.get(channel)
        if found is None:
            # What is kept of a channel keeps it alive, so one that is gone is forgotten when the next one comes.
            self._channels = {known: kept for known, kept in self._channels.items() if not known.is_closed}
            found = self._channels[channel] = _ChannelState(channel, self._consume, self._read)
        await found.take(message)


class _ChannelState:
    """What is delivered over one channel is numbered from 1, which shows whether all up to a number is settled."""

    def __init__(self, channel: AbstractChannel, consume: Consume, read: Decoder) -> None:
        self._create_task = channel.create_task
        self._consume = consume
        self._read = read
        self._arrived: deque[tuple[IncomingMessage, float]] = deque()
        self._is_busy = False
        self._side_by_side = asyncio.Semaphore(MAX_CONCURRENT)
        self._taken = self._settled = self._highest = 0

    async def take(self, message: IncomingMessage) -> None:
        """The first that arrives takes all that arrive until there are no more."""
        if is_redelivered(message):
            # It may end its process, and then no other's.
            self._count(message)
            await self._by_itself(message)
            return
        self._arrived.append((message, time.perf_counter()))
        if self._is_busy:
            return
        self._is_busy = True
        try:
            while self._arrived:
                await self._take_batch()
        finally:
            self._is_busy = False

    async def _take_batch(self) -> None:
        await self._until_all_are_here()
        batch = Batch(self)
        while self._arrived and len(batch.taken) < BATCH_SIZE:
            message, at = self._arrived.popleft()
            self._count(message)
            try:
                batch.taken.append(Delivery(message, self._read(message.body), at))
            except Exception:  # noqa: BLE001 - whatever it is, alone it meets it again, and no other does.
                self._set_aside(message)
        if batch.taken:
            await self._consume(batch)
            if not batch.is_settled:
                for each in batch.taken:
                    self._set_aside(each.message)

    async def _until_all_are_here(self) -> None:
        """What has come over the network with the first is taken apart a portion at a time."""
        known = 0
        while known < len(self._arrived) < BATCH_SIZE:
            known = len(self._arrived)
            for _ in range(LOOP_TURNS):
                await asyncio.sleep(0)

    async def ack(self, taken: Sequence[Delivery]) -> None:
        last = taken[-1].message
        if self._settled + len(taken) == self._taken == self._highest == last.delivery_tag:
            await last.ack(multiple=True)
        else:
            # Something that came earlier is not settled yet.
            for each in taken:
                await each.message.ack()
        self._settled += len(taken)

    def _count(self, message: IncomingMessage) -> None:
        self._taken += 1
        self._highest = max(self._highest, message.delivery_tag or 0)

    def _set_aside(self, message: IncomingMessage) -> None:
        """It holds up nobody, and ends with its channel as its delivery does."""
        self._create_task(self._by_itself(message))

    async def _by_itself(self, message: IncomingMessage) -> None:
        async with self._side_by_side:
            await self._consume(message)
        self._settled += message.processed
