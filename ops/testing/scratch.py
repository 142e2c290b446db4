"""Stacks that live as long as one test run and leave nothing behind."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ops.stack.control import Launch, launch, take_down
from ops.stack.logs import tail
from ops.stack.options import StackOptions
from ops.stack.paths import CLONE, StackPaths
from ops.stack.process_id import ProcessId
from ops.stack.state import Phase, State
from ops.stack.wipe import wipe


class StackError(Exception):
    """What the tests were to run against does not come up."""


class ScratchStack:
    def __init__(self, started: Launch) -> None:
        self._started = started

    def addresses(self) -> dict[str, str]:
        """Waits until it is ready."""
        state = State(Phase.STARTING)
        for state in self._started.follow():  # noqa: B007 - the last one counts.
            pass
        if state.phase is not Phase.READY:
            end = tail(self._started.layout, state.guilty) if state.guilty else ""
            raise StackError(f"{state.error}\n{end}")
        return state.addresses


@contextmanager
def run_folder() -> Iterator[Path]:
    """A folder for one test run. What earlier runs that were killed have left is cleared away."""
    for old in CLONE.test_runs.glob("*.*"):
        pid, _, started = old.name.partition(".")
        if not ProcessId(int(pid), started).alive():
            _clear(old)
    me = ProcessId.own()
    folder = CLONE.test_runs / f"{me.pid}.{me.started}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        _clear(folder)


@contextmanager
def scratch_stack(home: Path, kind: StackOptions, environment: Mapping[str, str]) -> Iterator[ScratchStack]:
    started = launch(StackPaths(home), kind, attached=True, environment=environment)
    try:
        yield ScratchStack(started)
    finally:
        started.stop()


def _clear(folder: Path) -> None:
    for home in filter(Path.is_dir, folder.iterdir()):
        take_down(StackPaths(home))
        wipe(StackPaths(home))
    shutil.rmtree(folder, ignore_errors=True)
