"""Which messages go together, and what one acknowledgement may stand for."""

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any, cast

from aio_pika.exceptions import ChannelInvalidStateError

from libs.consumers.batching import BATCH_SIZE, Batch, BatchingConsumer
from libs.consumers.message import IncomingEvent, event_decoder
from libs.process.ids import new_id
from libs.testing.wait import until
from libs.tests.messaging.things import ThingEvent


class FakeChannel:
    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[Any]] = []
        self.acks: list[tuple[int, bool]] = []
        self.delivered = 0
        self.is_closed = False

    def create_task(self, work: Coroutine[Any, Any, Any]) -> None:
        self.tasks.append(asyncio.create_task(work))

    def message(self, name: str = "thing", *, redelivered: bool = False, is_readable: bool = True) -> Any:
        self.delivered += 1
        body = (
            f'{{"specversion": "1.0", "id": "{new_id()}", "source": "/test", "type": "thing.changed",'
            f' "subject": "{new_id()}", "time": "2025-01-01T00:00:00Z", "sequence": 1,'
            f' "data": {{"id": "{new_id()}", "version": 1, "name": "{name}"}}}}'
        )
        return FakeMessage(self, self.delivered, (body if is_readable else "?").encode(), redelivered)

    @property
    def acknowledged(self) -> set[int]:
        found: set[int] = set()
        for tag, is_multiple in self.acks:
            found |= set(range(1, tag + 1)) if is_multiple else {tag}
        return found


class FakeMessage:
    def __init__(self, channel: FakeChannel, tag: int, body: bytes, redelivered: bool) -> None:
        self.channel, self.delivery_tag, self.body, self.redelivered = channel, tag, body, redelivered
        self.headers: dict[str, Any] = {}
        self.processed = False

    async def ack(self, multiple: bool = False) -> None:
        self.processed = True
        self.channel.acks.append((self.delivery_tag, multiple))


class Handler:
    """Says which messages it is given together, by their numbers. What is named `bad` spoils all."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.may_be_settled = asyncio.Event()
        self.may_be_settled.set()

    async def consume(self, given: Any) -> None:
        if not isinstance(given, Batch):
            await self.may_be_settled.wait()
            self.calls.append([given.delivery_tag])
            await given.ack()
            return
        self.calls.append([each.message.delivery_tag or 0 for each in given.taken])
        await self.may_go_on.wait()
        if not any(getattr(event, "name", "") == "bad" for event in (each.event for each in given.messages)):
            given.is_settled = True
            await given.ack()


def batches(handler: Handler) -> BatchingConsumer:
    return BatchingConsumer(handler.consume, event_decoder(ThingEvent))


async def arrive(queue: BatchingConsumer, *messages: Any) -> None:
    await asyncio.gather(*(queue.take(message) for message in messages))


async def test_what_is_there_goes_together_and_nobody_waits_for_more() -> None:
    channel, handler = FakeChannel(), Handler()
    queue = batches(handler)
    handler.may_go_on.clear()
    first = asyncio.create_task(queue.take(channel.message()))
    await until(lambda: handler.calls)
    await arrive(queue, *(channel.message() for _ in range(BATCH_SIZE + 5)))
    handler.may_go_on.set()
    await first
    assert [len(call) for call in handler.calls] == [1, BATCH_SIZE, 5]
    assert channel.acks == [(1, True), (BATCH_SIZE + 1, True), (BATCH_SIZE + 6, True)]


async def test_what_came_before_goes_alone_and_is_not_acknowledged_with_others() -> None:
    channel, handler = FakeChannel(), Handler()
    queue = batches(handler)
    handler.may_be_settled.clear()
    suspicious = asyncio.create_task(queue.take(channel.message(redelivered=True)))
    await asyncio.sleep(0)
    await arrive(queue, channel.message(), channel.message())
    assert channel.acknowledged == {2, 3}
    handler.may_be_settled.set()
    await suspicious
    await arrive(queue, channel.message())
    assert channel.acks[-1] == (4, True)


async def test_what_cannot_be_read_holds_up_nobody() -> None:
    channel, handler = FakeChannel(), Handler()
    queue = batches(handler)
    handler.may_be_settled.clear()
    await arrive(queue, channel.message(), channel.message(is_readable=False), channel.message())
    await arrive(queue, channel.message())
    assert channel.acknowledged == {1, 3, 4}
    handler.may_be_settled.set()
    await asyncio.gather(*channel.tasks)
    assert channel.acknowledged == {1, 2, 3, 4}


async def test_what_reading_fails_at_for_any_reason_holds_up_nobody() -> None:
    channel, handler = FakeChannel(), Handler()

    def read(body: bytes) -> IncomingEvent:
        if b"odd" in body:
            raise OverflowError
        return event_decoder(ThingEvent)(body)

    queue = BatchingConsumer(handler.consume, read)
    await arrive(queue, channel.message(), channel.message("odd"), *(channel.message() for _ in range(BATCH_SIZE)))
    await asyncio.gather(*channel.tasks)
    assert channel.acknowledged == set(range(1, BATCH_SIZE + 3))
    assert [2] in handler.calls


async def test_a_batch_that_fails_goes_one_by_one() -> None:
    channel, handler = FakeChannel(), Handler()
    queue = batches(handler)
    handler.may_go_on.clear()
    first = asyncio.create_task(queue.take(channel.message()))
    await until(lambda: handler.calls)
    await arrive(queue, channel.message(), channel.message("bad"), channel.message())
    handler.may_go_on.set()
    await first
    await asyncio.gather(*channel.tasks)
    assert handler.calls == [[1], [2, 3, 4], [2], [3], [4]]
    assert channel.acknowledged == {1, 2, 3, 4}


async def test_what_was_never_settled_is_never_acknowledged_with_others() -> None:
    channel = FakeChannel()
    handler = Handler()

    async def forget_the_first(given: Any) -> None:
        if not isinstance(given, Batch) or given.taken[0].message.delivery_tag == 1:
            return
        await handler.consume(given)

    queue = BatchingConsumer(forget_the_first, event_decoder(ThingEvent))
    await arrive(queue, channel.message())
    await asyncio.gather(*channel.tasks)
    await arrive(queue, channel.message(), channel.message())
    assert channel.acknowledged == {2, 3}


async def test_channels_have_nothing_to_do_with_each_other() -> None:
    old, new, handler = FakeChannel(), FakeChannel(), Handler()
    queue = batches(handler)
    handler.may_go_on.clear()
    ending = asyncio.create_task(queue.take(old.message()))
    await until(lambda: handler.calls)
    await queue.take(old.message())
    ending.cancel()
    await asyncio.wait([ending])
    handler.may_go_on.set()
    await arrive(queue, new.message())
    assert old.acks == []
    assert new.acks == [(1, True)]


async def test_a_channel_that_is_gone_is_forgotten() -> None:
    handler = Handler()
    queue = batches(handler)
    for _ in range(5):
        channel = FakeChannel()
        await arrive(queue, channel.message(), channel.message(redelivered=True))
        assert channel.acknowledged == {1, 2}
        assert set(map(id, queue._channels)) == {id(channel)}  # noqa: SLF001 - memory is seen nowhere else.
        channel.is_closed = True


async def test_what_comes_over_a_channel_that_is_gone_comes_again() -> None:
    class Gone:
        @property
        def channel(self) -> Any:
            raise ChannelInvalidStateError("closed")

    handler = Handler()
    await batches(handler).take(cast(Any, Gone()))
    assert handler.calls == []


async def test_those_that_go_one_by_one_are_few_at_a_time() -> None:
    channel = FakeChannel()
    inside = most = 0

    async def consume(given: Any) -> None:
        nonlocal inside, most
        if isinstance(given, Batch):
            return
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        await given.ack()

    await arrive(BatchingConsumer(consume, event_decoder(ThingEvent)), *(channel.message() for _ in range(50)))
    await asyncio.gather(*channel.tasks)
    assert most == 10
    assert channel.acknowledged == set(range(1, 51))


def test_a_batch_has_what_its_messages_say() -> None:
    read = event_decoder(ThingEvent)(FakeChannel().message("lamp").body)
    taken: Any = SimpleNamespace(read=read)
    assert Batch(cast(Any, None), [taken]).messages == [read]
