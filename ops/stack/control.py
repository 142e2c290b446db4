"""Starting and ending a supervisor from another process."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from signal import SIGKILL, SIGTERM

from ops.stack.options import StackOptions
from ops.stack.orphans import end_orphans
from ops.stack.paths import REPOSITORY, StackPaths
from ops.stack.state import ANOTHER_IS_RUNNING, Phase, State, current

SUPERVISOR = "supervisor"
_POLL = 0.05
# Longer than the supervisor itself waits for everything it stops.
_STOP_PATIENCE = 60.0


@dataclass
class Launch:
    """A supervisor that this process has started."""

    layout: StackPaths
    process: subprocess.Popen[bytes]

    def follow(self) -> Iterator[State]:
        """The state again and again while the stack comes up. The last one is ready, failed or down."""
        while True:
            ended = self.process.poll() is not None  # Asked first: what it wrote before it ended is then read.
            state = current(self.layout)
            ours = state.supervisor is not None and state.supervisor.pid == self.process.pid
            if ended and self.process.returncode == ANOTHER_IS_RUNNING:
                yield from follow(self.layout)
                return
            if ours:
                yield state
                if state.phase is Phase.READY:
                    return
            if ended:
                if not ours or state.phase is not Phase.FAILED:
                    yield _broke_off(state)
                return
            time.sleep(_POLL)

    def stop(self) -> None:
        with self.process:  # It closes our end of its input.
            self.process.terminate()
            try:
                self.process.wait(_STOP_PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                end_orphans(State.read(self.layout.state))


def follow(layout: StackPaths) -> Iterator[State]:
    """The same for a supervisor that somebody else has started."""
    while True:
        state = current(layout)
        yield state
        if state.phase is not Phase.STARTING:
            return
        time.sleep(_POLL)


def launch(
    layout: StackPaths, kind: StackOptions, *, attached: bool, environment: Mapping[str, str] = os.environ
) -> Launch:
    """`attached`: it ends with this process. Otherwise it goes on until `take_down`."""
    layout.make()
    options = [
        *(("--attached",) if attached else ()),
        *(("--scratch",) if kind.scratch else ()),
        *(() if kind.apps else ("--no-apps",)),
        *(("--observe",) if kind.observe else ()),
    ]
    with layout.log(SUPERVISOR).open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own module
            (sys.executable, "-m", "ops.stack.serve", layout.home, *options),
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.PIPE if attached else subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return Launch(layout, process)


def take_down(layout: StackPaths) -> bool:
    """Ends the stack and whatever a killed supervisor left of one. False if there was nothing to end."""
    state = State.read(layout.state)
    was_up = state.supervised or any(entry.identity and entry.identity.alive() for entry in state.processes)
    if state.supervisor is not None and state.supervisor.alive():
        state.supervisor.send(SIGTERM)
        deadline = time.monotonic() + _STOP_PATIENCE
        while state.supervised and time.monotonic() < deadline:
            time.sleep(_POLL)
        state.supervisor.send(SIGKILL)
    end_orphans(State.read(layout.state))
    return was_up


def _broke_off(state: State) -> State:
    state.phase = Phase.FAILED
    state.error, state.guilty = "the supervisor ended unexpectedly", SUPERVISOR
    return state
