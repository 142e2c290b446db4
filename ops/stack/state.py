"""What is known of a stack, on disk: its supervisor writes it, every command reads it."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

from ops.stack.credentials import write_private
from ops.stack.paths import StackPaths
from ops.stack.process_id import ProcessId


class Phase(StrEnum):
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    STOPPING = "stopping"
    DOWN = "down"


class Condition(StrEnum):
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    FAILED = "failed"
    STOPPED = "stopped"
    DONE = "done"  # of a step that is no process, such as a migration


@dataclass
class Entry:
    """A process, or a step on the way to the first one."""

    name: str
    state: Condition
    port: int | None = None
    pid: int | None = None
    started: str | None = None
    restarts: int = 0

    @property
    def identity(self) -> ProcessId | None:
        return ProcessId(self.pid, self.started) if self.pid is not None and self.started is not None else None


@dataclass
class State:
    phase: Phase
    supervisor: ProcessId | None = None
    processes: list[Entry] = field(default_factory=list)
    steps: list[Entry] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    error: str | None = None
    guilty: str | None = None  # the process or step whose log tells more about the error

    def write(self, path: Path) -> None:
        write_private(path, json.dumps(asdict(self), indent=1))

    @classmethod
    def read(cls, path: Path) -> Self:
        try:
            stored = json.loads(path.read_text())
        except FileNotFoundError:
            return cls(Phase.DOWN)

        def entries(name: str) -> list[Entry]:
            return [Entry(**{**entry, "state": Condition(entry["state"])}) for entry in stored[name]]

        who = stored["supervisor"]
        return cls(
            **{
                **stored,
                "phase": Phase(stored["phase"]),
                "supervisor": ProcessId(**who) if who else None,
                "processes": entries("processes"),
                "steps": entries("steps"),
            }
        )

    @property
    def supervised(self) -> bool:
        return self.supervisor is not None and self.supervisor.alive()


def current(layout: StackPaths) -> State:
    """The state as it is, not as a supervisor that was killed left it."""
    state = State.read(layout.state)
    if state.phase not in {Phase.DOWN, Phase.FAILED} and not state.supervised:
        state.phase = Phase.DOWN
        for entry in state.processes:
            if entry.identity is None or not entry.identity.alive():
                entry.state = Condition.STOPPED
    return state


ANOTHER_IS_RUNNING = 3  # the exit code of a supervisor that found the folder taken


class SupervisorLock:
    """Only one supervisor at a time may work on a folder. The lock goes when its holder does."""

    def __init__(self, layout: StackPaths) -> None:
        self._path = layout.lock
        self._descriptor: int | None = None

    def take(self) -> bool:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
