"""What becomes of each row of a batch, with the broker played by a fake channel."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from aio_pika.exceptions import DeliveryError
from aiormq import Channel, spec
from aiormq.abc import ChannelFrame
from aiormq.exceptions import ChannelInvalidStateError, ChannelNotFoundEntity
from pamqp import frame

from libs.contracts.topology import AUTH_EVENTS
from libs.outbox import relay_batch

NEVER = TimeoutError("stands for no answer at all")
ENDS = ChannelNotFoundEntity("stands for the end of the channel")


class FakeChannel:
    """As much of aiormq's as a batch uses. What is sent over it is answered at once."""

    def __init__(self, answers: Sequence[Exception | None]) -> None:
        self._answers = answers
        self.loop = asyncio.get_running_loop()
        self.number = 1
        self.max_content_size = 131_064
        self.delivery_tag = 7
        self.confirmations: dict[int, asyncio.Future[object]] = {}
        self.message_id_delivery_tag: dict[str, int] = {}
        self.write_queue = self
        self.sent: list[bytes] = []
        self.ended = self.loop.create_future()
        self.is_closed = False

    @property
    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        if self.is_closed:
            raise ChannelInvalidStateError("closed")
        yield

    def create_future(self) -> asyncio.Future[object]:
        if self.is_closed:
            # aiormq ends it once for the channel and once for its connection.
            raise asyncio.InvalidStateError
        return self.ended

    async def put(self, sent: ChannelFrame) -> None:
        self.sent.append(sent.payload)
        for confirm, answer in zip(self.confirmations.values(), self._answers, strict=True):
            if answer is ENDS:
                self.ended.set_exception(answer)
            elif answer is not None and answer is not NEVER:
                confirm.set_exception(answer)
            elif answer is None:
                confirm.set_result(None)


async def published(*answers: Exception | None) -> relay_batch.PublishResult:
    """Publishes as many rows as there are answers of the broker."""
    rows = [
        (number, str(number), "id", 1, "t", datetime.now(UTC), "{}", "-", None, "") for number in range(len(answers))
    ]
    channel = cast(Channel, FakeChannel(answers))
    return await relay_batch.publish(channel, AUTH_EVENTS, [Row(row) for row in rows])


class Row(tuple[Any, ...]):
    """As asyncpg's: by position and by name."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__({"id": 0, "event_id": 1}.get(key, key))


ROW = Row((0, "0", "id", 1, "t", datetime.now(UTC), "{}", "-", None, ""))


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_batch, "CONFIRM_TIMEOUT", 0.05)


async def test_what_is_confirmed_has_left() -> None:
    found = await published(None, None)
    assert (found.confirmed, found.refused, found.broken) == ([0, 1], [], None)


async def test_what_is_refused_is_put_off() -> None:
    found = await published(None, DeliveryError(None, spec.Basic.Nack()))
    assert (found.confirmed, found.refused, found.broken) == ([0], [(1, "refused by the broker")], None)


async def test_a_channel_that_was_closed_is_nobody_s_fault() -> None:
    reason = ChannelNotFoundEntity("no exchange")
    found = await published(ConnectionError(), reason, None)
    assert (found.confirmed, found.refused, found.broken) == ([2], [], reason)


async def test_a_channel_that_ends_leaves_what_is_not_confirmed() -> None:
    found = await published(None, NEVER, ENDS)
    assert (found.confirmed, found.refused, found.broken) == ([0], [], ENDS)


async def test_a_channel_that_was_gone_before_is_nobody_s_fault() -> None:
    channel = FakeChannel([None])
    channel.is_closed = True
    found = await relay_batch.publish(cast(Channel, channel), AUTH_EVENTS, [ROW])
    assert (found.confirmed, found.refused) == ([], [])
    assert isinstance(found.broken, ChannelInvalidStateError)


async def test_an_event_goes_once_a_batch() -> None:
    """What no queue takes is known by its event's id alone when it comes back."""
    rows = [
        Row((number, event_id, "id", 1, "t", datetime.now(UTC), "{}", "-", None, queue))
        for number, (event_id, queue) in enumerate([("a", ""), ("b", "q"), ("a", "q"), ("a", "r")])
    ]
    channel = FakeChannel([None, None])
    found = await relay_batch.publish(cast(Channel, channel), AUTH_EVENTS, rows)
    assert (found.confirmed, found.refused, found.remaining) == ([0, 1], [], 2)


async def test_what_amqp_cannot_say_is_put_off_and_holds_up_nobody() -> None:
    fit, unfit = (
        Row((number, str(number), "id", 1, name, datetime.now(UTC), "{}", "-", None, ""))
        for number, name in enumerate(("t", "t" * 300))
    )
    found = await relay_batch.publish(cast(Channel, FakeChannel([None])), AUTH_EVENTS, [unfit, fit])
    assert found.confirmed == [0]
    assert [number for number, _ in found.refused] == [1]
    found = await relay_batch.publish(cast(Channel, FakeChannel([])), AUTH_EVENTS, [unfit])
    assert (found.confirmed, len(found.refused), found.broken) == ([], 1, None)


@pytest.mark.parametrize(("longest", "bodies"), [(131_064, 3), (-8, 1)], ids=["128 KiB", "of any length"])
async def test_what_is_too_long_for_a_frame_goes_in_several(longest: int, bodies: int) -> None:
    channel = FakeChannel([None])
    channel.max_content_size = longest
    row = Row((0, "0", "id", 1, "t", datetime.now(UTC), '"' + "x" * 300_000 + '"', "-", None, ""))
    assert (await relay_batch.publish(cast(Channel, channel), AUTH_EVENTS, [row])).confirmed == [0]
    [wire] = channel.sent
    kinds = []
    while wire:
        length, _, found = frame.unmarshal(wire)
        kinds.append(type(found).__name__)
        wire = wire[length:]
    assert kinds == ["Publish", "ContentHeader", *["ContentBody"] * bodies]


async def test_a_broker_that_confirms_nothing_is_nobody_s_fault() -> None:
    found = await published(NEVER, NEVER)
    assert (found.confirmed, found.refused) == ([], [])
    assert isinstance(found.broken, TimeoutError)


async def test_what_alone_is_not_confirmed_is_put_off() -> None:
    """Such as what goes to a queue that has lost its majority. Left as it is, it would be the first again."""
    found = await published(NEVER, None, NEVER)
    assert found.confirmed == [1]
    assert found.refused == [(0, "not confirmed"), (2, "not confirmed")]
    assert isinstance(found.broken, TimeoutError)
