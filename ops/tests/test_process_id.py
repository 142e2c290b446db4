"""A recorded pid is never taken for a stranger that got the same number later."""

import subprocess
from collections.abc import Iterator
from signal import SIGKILL

import pytest

from ops.stack.orphans import end
from ops.stack.process_id import ProcessId
from ops.tests.standins import SLEEP, running


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    with running(SLEEP) as process:
        yield process


def test_a_process_is_known_again(stranger: subprocess.Popen[bytes]) -> None:
    identity = ProcessId.of(stranger.pid)
    assert identity is not None
    assert identity.alive()
    identity.send(SIGKILL)
    stranger.wait()
    assert not identity.alive()


def test_a_pid_given_out_again_is_left_alone(stranger: subprocess.Popen[bytes]) -> None:
    recycled = ProcessId(stranger.pid, "an earlier process")
    assert not recycled.alive()
    recycled.send(SIGKILL)
    end([recycled])
    assert stranger.poll() is None


def test_one_that_has_ended_but_is_not_collected_yet_does_not_run(stranger: subprocess.Popen[bytes]) -> None:
    identity = ProcessId.of(stranger.pid)
    assert identity is not None
    end([identity])  # Its parent, this process, has not asked for its exit code.
    assert not identity.alive()


def test_no_process_at_all() -> None:
    with running("") as process:
        process.wait()
    gone = ProcessId(process.pid, "whenever")
    assert ProcessId.of(process.pid) is None
    gone.send(SIGKILL)
