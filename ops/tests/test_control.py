"""Real supervisors, with nothing to start: the environment names every server."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from libs.testing.wait import until
from ops.stack.control import Launch, launch, take_down
from ops.stack.options import StackOptions
from ops.stack.paths import StackPaths
from ops.stack.process_id import ProcessId
from ops.stack.state import Condition, Entry, Phase, State, current
from ops.tests.standins import SLEEP, running

NAMED = {"DATABASE_URL": "postgresql://a@b/c", "AMQP_URL": "amqp://d"}


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[StackPaths]:
    yield StackPaths(tmp_path)
    take_down(StackPaths(tmp_path))


def launched(layout: StackPaths, *, attached: bool = False) -> Launch:
    return launch(layout, StackOptions(apps=False), attached=attached, environment={**os.environ, **NAMED})


def last(started: Launch) -> State:
    return list(started.follow())[-1]


def collected(started: Launch) -> None:
    """Lets go of a supervisor that a test has ended by other means."""
    started.process.wait()
    if started.process.stdin is not None:
        started.process.stdin.close()


def test_it_comes_up_and_goes_down(layout: StackPaths) -> None:
    started = launched(layout)
    state = last(started)
    assert (state.phase, state.error) == (Phase.READY, None)
    assert state.addresses["DATABASE_URL"] == NAMED["DATABASE_URL"]
    started.stop()
    assert current(layout).phase is Phase.DOWN


def test_going_down_twice_is_no_mistake(layout: StackPaths) -> None:
    assert not take_down(layout)
    started = launched(layout)
    last(started)
    with reaping(started):
        assert take_down(layout)
    assert not take_down(layout)


def test_a_second_one_follows_the_first(layout: StackPaths) -> None:
    first = launched(layout)
    second = launched(layout)
    assert last(first).phase is Phase.READY
    assert last(second).phase is Phase.READY
    first.process.terminate()
    second.process.terminate()
    collected(first)
    collected(second)
    assert {first.process.returncode, second.process.returncode} == {0, 3}


def test_an_attached_one_ends_when_whoever_started_it_is_gone(layout: StackPaths) -> None:
    started = launched(layout, attached=True)
    last(started)
    assert started.process.stdin is not None
    started.process.stdin.close()  # What the kernel does for a process that was killed.
    assert started.process.wait(20) == 0


def test_after_a_kill_its_secrets_are_the_same_and_it_comes_up_again(layout: StackPaths) -> None:
    started = launched(layout)
    last(started)
    secrets = layout.secrets.read_text()
    started.process.kill()
    collected(started)
    assert current(layout).phase is Phase.DOWN
    again = launched(layout)
    assert last(again).phase is Phase.READY
    assert layout.secrets.read_text() == secrets
    again.stop()


def test_what_a_killed_supervisor_left_behind_is_ended_and_strangers_are_not(layout: StackPaths) -> None:
    layout.make()
    with running(SLEEP) as left, running(SLEEP) as stranger:
        identity = ProcessId.of(left.pid)
        assert identity is not None
        entries = [
            Entry("left", Condition.READY, pid=identity.pid, started=identity.started),
            Entry("recycled", Condition.READY, pid=stranger.pid, started="an earlier process"),
        ]
        State(Phase.READY, ProcessId(stranger.pid, "an earlier process"), entries).write(layout.state)
        assert take_down(layout)
        assert left.wait(5) == -signal.SIGTERM
        assert stranger.poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
async def test_children_of_a_killed_supervisor_end_with_it(tmp_path: Path) -> None:
    program = f"""
import asyncio, pathlib, sys
from ops.tests.standins import Watched, spec
async def main():
    watched = Watched()
    await watched.supervisor.start(spec(pathlib.Path({str(tmp_path)!r})))
    print(watched.pid(), flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    with running(program) as supervisor:
        assert supervisor.stdout is not None
        child = ProcessId.of(int(supervisor.stdout.readline()))
        assert child is not None
        assert child.alive()
        supervisor.kill()
        await until(lambda: not child.alive())


@contextmanager
def reaping(started: Launch) -> Iterator[None]:
    """A supervisor that this process has started stays a zombie until it is asked for its exit code."""
    yield
    collected(started)
