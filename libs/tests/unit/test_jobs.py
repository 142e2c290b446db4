import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from libs.jobs import Done, Later, Outcome, run_due
from libs.testing.wait import until


@dataclass
class Queue:
    """Does jobs as their names say."""

    waiting: list[str]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def claim(self) -> str | None:
        return self.waiting.pop(0) if self.waiting else None

    async def do(self, job: str) -> Outcome:
        self.begun.append(job)
        if job == "broken":
            raise ConnectionError(job)
        if job == "slow":
            await self.gate.wait()
        return Later(job) if job == "busy" else Done()

    async def settle(self, job: str, outcome: Outcome) -> None:
        self.outcomes[job] = outcome

    async def run(self, grace: float | None = None) -> None:
        await run_due(self.claim, self.do, self.settle, grace=grace)


async def test_everything_that_is_due_is_done_and_settled() -> None:
    queue = Queue(["first", "busy", "last"])
    await queue.run()
    assert queue.outcomes == {"first": Done(), "busy": Later("busy"), "last": Done()}


async def test_what_is_raised_ends_the_run_and_leaves_the_row_to_its_lease() -> None:
    queue = Queue(["first", "broken", "last"])
    with pytest.raises(ConnectionError):
        await queue.run()
    assert (queue.outcomes, queue.waiting) == ({"first": Done()}, ["last"])


async def cancelled(queue: Queue, grace: float | None, meanwhile: Callable[[], None] = lambda: None) -> None:
    task = asyncio.create_task(queue.run(grace))
    await until(lambda: queue.begun)
    task.cancel()
    meanwhile()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_job_in_hand_is_finished_when_cancelled() -> None:
    queue = Queue(["slow", "last"])
    await cancelled(queue, None, queue.gate.set)
    assert (queue.outcomes, queue.waiting) == ({"slow": Done()}, ["last"])


async def test_a_job_that_takes_longer_than_its_grace_is_given_up() -> None:
    queue = Queue(["slow", "last"])
    await cancelled(queue, 0)
    assert (queue.outcomes, queue.waiting) == ({}, ["last"])
