"""The supervisor keeps real processes running, and takes them down in order."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from libs.backoff import Backoff
from libs.testing.wait import until
from ops.stack.process import StartError, Tier, quick_ends_after
from ops.stack.state import Condition
from ops.tests.standins import SLEEP, STUBBORN, Watched, spec


async def test_a_process_is_ready_when_its_probe_says_so(watched: Watched, tmp_path: Path) -> None:
    await watched.supervisor.start(spec(tmp_path))
    [entry] = watched.state.processes
    assert (entry.state, entry.restarts) == (Condition.READY, 0)
    assert entry.identity == watched.identity()


async def test_a_killed_process_comes_back(watched: Watched, tmp_path: Path) -> None:
    await watched.supervisor.start(spec(tmp_path))
    first = watched.identity()
    os.kill(first.pid, signal.SIGKILL)
    [entry] = watched.state.processes
    await until(lambda: entry.restarts == 1 and entry.state is Condition.READY)
    assert watched.identity() != first


async def test_one_that_never_gets_ready_is_given_up_with_its_name(watched: Watched, tmp_path: Path) -> None:
    broken = spec(tmp_path, "broken", "import sys; print('no such setting'); sys.exit(1)")
    with pytest.raises(StartError, match="broken ended 3 times") as refused:
        await watched.supervisor.start(broken)
    assert refused.value.name == "broken"
    assert (tmp_path / "broken.log").read_text() == "no such setting\n" * 3
    assert watched.state.processes[0].state is Condition.FAILED


async def test_one_that_hangs_while_it_starts_is_given_up_and_ended(watched: Watched, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="was not ready"):
        await watched.supervisor.start(spec(tmp_path, "slow", SLEEP, start_timeout=0.1))
    left = watched.identity("slow")
    await watched.supervisor.stop()
    assert not left.alive()


async def test_a_program_that_does_not_exist_is_given_up(watched: Watched, tmp_path: Path) -> None:
    with pytest.raises(StartError):
        await watched.supervisor.start(spec(tmp_path, cwd=tmp_path / "gone"))
    assert "could not be started" in (tmp_path / "one.log").read_text()


async def test_what_needs_others_stops_before_them(watched: Watched, tmp_path: Path) -> None:
    await watched.supervisor.start(spec(tmp_path, "server", tier=Tier.SERVERS))
    await watched.supervisor.start(spec(tmp_path, "ground", tier=Tier.GROUND))
    await watched.supervisor.start(spec(tmp_path, "app", tier=Tier.APPS))
    await watched.supervisor.stop()
    assert (tmp_path / "stopped").read_text().split() == ["app", "server", "ground"]
    assert {entry.state for entry in watched.state.processes} == {Condition.STOPPED}


async def test_what_ignores_the_request_is_killed(watched: Watched, tmp_path: Path) -> None:
    await watched.supervisor.start(spec(tmp_path, program=STUBBORN, grace=0.1))
    stubborn = watched.identity()
    await watched.supervisor.stop()
    assert not stubborn.alive()


def test_an_end_after_a_long_life_is_not_one_of_several_quick_ones() -> None:
    assert quick_ends_after(2, lifetime=19) == 3
    assert quick_ends_after(2, lifetime=21) == 0


async def test_stopping_does_not_wait_for_a_restart_that_is_due_later(watched: Watched, tmp_path: Path) -> None:
    await watched.supervisor.start(spec(tmp_path, backoff=Backoff(first=600, longest=600)))
    os.kill(watched.identity().pid, signal.SIGKILL)
    await until(lambda: watched.state.processes[0].state is Condition.RESTARTING)
    async with asyncio.timeout(5):
        await watched.supervisor.stop()
