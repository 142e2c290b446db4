"""How many events a relay dares to publish at once."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiormq.exceptions import ChannelNotFoundEntity

from libs.backoff import Backoff
from libs.contracts.topology import AUTH_EVENTS
from libs.outbox import relay_batch
from libs.outbox.relay import BATCH, Relay


class Connection:
    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        yield


async def sizes(monkeypatch: pytest.MonkeyPatch, *ends: Exception | None, left: int = 0) -> list[int]:
    """Of batches that end one after the other like this, while there is always more to do."""
    taken: list[int] = []

    async def lock_batch(_: object, limit: int) -> Sequence[Any]:
        taken.append(limit)
        return [{"id": number} for number in range(limit - left)]

    async def publish(_: object, __: object, rows: Sequence[Any]) -> relay_batch.PublishResult:
        end = ends[len(taken) - 1]
        return relay_batch.PublishResult(
            confirmed=[] if end else [row["id"] for row in rows], broken=end, remaining=left
        )

    async def settle(*_: object) -> None:
        return

    async def declare() -> None:
        return

    for function in (lock_batch, publish, settle):
        monkeypatch.setattr(relay_batch, function.__name__, function)
    monkeypatch.setattr("libs.broker.connectivity.BACKOFF", Backoff(first=0.0, longest=0.0))
    relay = Relay("postgresql://nowhere", "amqp://nowhere", AUTH_EVENTS, declare=declare)
    for _ in ends:
        assert await relay._relay_batch(Connection(), None)  # type: ignore[arg-type] # noqa: SLF001 - one step alone.
    return taken


async def test_full_batches_while_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await sizes(monkeypatch, None, None) == [BATCH, BATCH]


async def test_halves_find_the_event_that_the_channel_is_closed_for(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = ChannelNotFoundEntity("no")
    assert await sizes(monkeypatch, closed, closed, None, None) == [500, 250, 125, 250]


async def test_one_event_asks_whether_a_silent_broker_reads_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """One short of memory reads nothing from who publishes. Each full batch would wait in memory, and come twice."""
    silent = TimeoutError()
    assert await sizes(monkeypatch, silent, silent, None, None) == [500, 1, 1, 2]


async def test_what_was_left_follows_at_once_however_little_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await sizes(monkeypatch, None, None, left=1) == [BATCH, BATCH]
