"""What comes again may have ended its process: it is alone, and its crashes are counted."""

import asyncio
from typing import Any

import pytest

from libs.consumers.handler import MAX_CRASHES
from libs.tests.messaging.unit.bench import Bench


@pytest.mark.parametrize("again", [{"redelivered": True}, {"x-delivery-count": 1}])
async def test_what_comes_again_is_handled_alone(bench: Bench, again: dict[str, Any]) -> None:
    inside: list[str] = []
    most = 0

    async def call() -> None:
        nonlocal most
        inside.append("")
        most = max(most, len(inside))
        await asyncio.sleep(0)
        inside.pop()

    fresh = [bench.message(message_id=f"f-{number}") for number in range(3)]
    await asyncio.gather(
        *(bench.handling.handle("q", bench.message(**again, message_id=f"m-{number}"), call) for number in range(3))
    )
    assert most == 1
    await asyncio.gather(*(bench.handling.handle("q", message, call) for message in fresh))
    assert most == 3
    assert bench.crashes.counts == {}


async def test_a_message_that_killed_often_enough_is_parked_unopened(bench: Bench) -> None:
    bench.crashes.counts["q", "m-1"] = MAX_CRASHES - 1
    assert await bench.handle(redelivered=True) == 0
    assert bench.retry.moves == [("parked", "PoisonMessageError")]
    assert bench.crashes.counts == {}


async def test_a_suspect_waits_and_counts_nothing_while_others_are_handled(bench: Bench) -> None:
    """A process that is killed right after its start would else make a culprit of whoever comes first each time."""
    bench.crashes.counts["q", "m-1"] = MAX_CRASHES - 1
    suspect = asyncio.create_task(bench.handle(redelivered=True))
    assert await bench.handle(message_id="m-2") == 1
    assert bench.crashes.counts == {("q", "m-1"): MAX_CRASHES - 1}
    assert not suspect.done()
    await suspect


async def test_a_message_without_an_id_is_known_by_its_bytes(bench: Bench) -> None:
    seen: list[str] = []

    async def call() -> None:
        seen.extend(event_id for _, event_id in bench.crashes.counts)

    await bench.handling.handle("q", bench.message(redelivered=True, message_id=None), call)
    await bench.handling.handle("q", bench.message(redelivered=True, message_id=None), call)
    assert len(seen[0]) == 64
    assert seen[0] == seen[1]


async def test_a_cancelled_handler_is_no_death(bench: Bench) -> None:
    started = asyncio.Event()

    async def call() -> None:
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(bench.handling.handle("q", bench.message(redelivered=True), call))
    await started.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert bench.crashes.counts == {}
    assert bench.acknowledged == []
