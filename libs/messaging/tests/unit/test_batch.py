"""What becomes of each row of a batch, with the broker played by a fake channel."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aio_pika.exceptions import DeliveryError
from aiormq import Channel, spec
from aiormq.exceptions import ChannelNotFoundEntity

from libs.contracts.topology import AUTH_EVENTS
from libs.messaging import batch

NEVER = TimeoutError("stands for no answer at all")


async def published(*answers: Exception | None) -> batch.Published:
    """Publishes as many rows as there are answers of the broker."""

    async def basic_publish(_: bytes, *, properties: spec.Basic.Properties, **__: Any) -> None:
        answer = answers[int(str(properties.message_id))]
        if answer is NEVER:
            await asyncio.Event().wait()
        if answer is not None:
            raise answer

    channel = cast(Channel, SimpleNamespace(basic_publish=basic_publish))
    rows = [
        (number, str(number), "id", 1, "t", datetime.now(UTC), "{}", "-", None, "") for number in range(len(answers))
    ]
    return await batch.publish(channel, AUTH_EVENTS, [Row(row) for row in rows])


class Row(tuple[Any, ...]):
    """As asyncpg's: by position and by name."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(0 if key == "id" else key)


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "CONFIRM_TIMEOUT", 0.05)


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
