"""One supervised process: started, watched, restarted when it ends by itself, stopped when asked."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from libs.backoff import Backoff
from ops.stack import child
from ops.stack.paths import REPOSITORY
from ops.stack.privileges import Account
from ops.stack.process_id import ProcessId
from ops.stack.readiness import Probe
from ops.stack.state import Condition, Entry

_PROBE_INTERVAL = 0.1
_EARLY_EXITS = 3
_LONG_LIFE = 20.0
_RESTARTS = Backoff(first=0.5, longest=30.0)


class Tier(IntEnum):
    """Higher ones need lower ones, and are therefore stopped before them."""

    GROUND = 0
    SERVERS = 1
    APPS = 2


class StartError(Exception):
    """A process or step does not come up; its log says why."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"{name} {what}")
        self.name = name


@dataclass(frozen=True, kw_only=True)
class Spec:
    name: str
    command: Sequence[str | Path]
    env: Mapping[str, str]
    log: Path
    ready: Probe
    tier: Tier
    port: int
    cwd: Path = REPOSITORY
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    start_timeout: float = 120.0
    backoff: Backoff = _RESTARTS


def quick_ends_after(before: int, lifetime: float) -> int:
    """How many ends in a row came soon after the start, with the one of a process that lived for so many seconds."""
    return 0 if lifetime >= _LONG_LIFE else before + 1


class ManagedProcess:
    def __init__(self, spec: Spec, entry: Entry, changed: Callable[[], None]) -> None:
        self.spec = spec
        self._entry = entry
        self._changed = changed
        self._stopping = asyncio.Event()
        self._first_ready = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None

    async def first_ready(self) -> None:
        await self._first_ready.wait()

    async def run(self) -> None:
        """Until it is stopped. Raises StartError where it never gets ready in the first place."""
        quick_ends = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            await self._live()
            if self._stopping.is_set():
                break
            self._entry.restarts += 1
            if self._entry.restarts >= _EARLY_EXITS and not self._first_ready.is_set():
                self._become(Condition.FAILED)
                raise StartError(self.spec.name, f"ended {_EARLY_EXITS} times before it was ready")
            quick_ends = quick_ends_after(quick_ends, time.monotonic() - began)
            self._become(Condition.RESTARTING)
            await self._pause(self.spec.backoff.delay(quick_ends))
        self._become(Condition.STOPPED)

    async def stop(self) -> None:
        self._stopping.set()
        process = self._process
        if process is None:
            return
        for number, patience in ((self.spec.stop_signal, self.spec.grace), (signal.SIGKILL, None)):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), patience)
                return

    async def _live(self) -> None:
        """One life, from start to exit."""
        spec = self.spec
        try:
            process = await child.start(
                spec.command,
                env=spec.env,
                cwd=spec.cwd,
                log=spec.log,
                account=spec.account,
                on_parent_death=spec.stop_signal,
            )
        except OSError as error:  # Nothing to run, or no memory to run it in: to be tried again like an exit.
            with spec.log.open("a") as log:
                log.write(f"could not be started: {error}\n")
            return
        self._process = process
        identity = ProcessId.of(process.pid)
        self._entry.pid, self._entry.started = process.pid, identity.started if identity else None
        self._become(Condition.STARTING)
        if self._stopping.is_set():  # stop() came while the process was being made and saw none.
            await self.stop()
        readiness = asyncio.create_task(self._await_readiness())
        exited = asyncio.create_task(process.wait())
        try:
            await asyncio.wait((readiness, exited), return_when=asyncio.FIRST_COMPLETED)
            if not exited.done():
                readiness.result()
            await exited
        finally:
            readiness.cancel()
            exited.cancel()
            if process.returncode is not None:
                self._process = None
                self._entry.pid = self._entry.started = None

    async def _await_readiness(self) -> None:
        deadline = time.monotonic() + self.spec.start_timeout
        while not await self.spec.ready():
            if not self._first_ready.is_set() and time.monotonic() > deadline:
                self._become(Condition.FAILED)
                raise StartError(self.spec.name, f"was not ready after {self.spec.start_timeout:.0f} s")
            await asyncio.sleep(_PROBE_INTERVAL)
        self._first_ready.set()
        self._become(Condition.READY)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    def _become(self, condition: Condition) -> None:
        self._entry.state = condition
        self._changed()
