"""Small programs that stand in for servers."""

import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from libs.backoff import Backoff
from ops.stack.paths import REPOSITORY
from ops.stack.process import Spec, Tier
from ops.stack.process_id import ProcessId
from ops.stack.state import Phase, State
from ops.stack.supervisor import Supervisor

SLEEP = "import time; time.sleep(600)"
# Says that it runs, and writes its name down when it is told to stop.
POLITE = """
import pathlib, signal, sys, time
name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
def stop(*_):
    with (folder / "stopped").open("a") as stopped:
        stopped.write(name + "\\n")
    time.sleep(0.1)
    sys.exit()
signal.signal(signal.SIGTERM, stop)
(folder / (name + ".ready")).touch()
time.sleep(600)
"""
STUBBORN = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[2], sys.argv[1] + ".ready").touch()
time.sleep(600)
"""


def spec(folder: Path, name: str = "one", program: str = POLITE, **more: Any) -> Spec:
    settings: dict[str, Any] = {
        "tier": Tier.APPS,
        "ready": exists(folder / f"{name}.ready"),
        "backoff": Backoff(first=0.01, longest=0.05),
        "cwd": folder,
        **more,
    }
    command = (sys.executable, "-S", "-c", program, name, str(folder))
    return Spec(name=name, command=command, env={}, log=folder / f"{name}.log", port=1, **settings)


def exists(path: Path) -> Callable[[], Awaitable[bool]]:
    async def probe() -> bool:
        return path.exists()  # noqa: ASYNC240 - a file on this machine

    return probe


@contextmanager
def running(program: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that no supervisor knows of."""
    command = (sys.executable, "-c", program)
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own programs
        yield process
        process.kill()


class Watched:
    """A supervisor whose state a test looks at."""

    def __init__(self) -> None:
        self.state = State(Phase.STARTING)
        self.supervisor = Supervisor(self.state, lambda: None)

    def pid(self, name: str = "one") -> int | None:
        return next(entry.pid for entry in self.state.processes if entry.name == name)

    def identity(self, name: str = "one") -> ProcessId:
        identity = ProcessId.of(self.pid(name) or 0)
        assert identity is not None
        return identity
