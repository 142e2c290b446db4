"""Which process a recorded pid meant. The kernel gives pids out again; a pid with its start time stays unique."""

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_STATE, _START_TIME = 0, 19  # in /proc/PID/stat, counted from behind the command's name


def _start_time(pid: int) -> str | None:
    """None where no such process runs. One that has ended and waits for its parent does not run."""
    if sys.platform != "linux":
        listing = subprocess.run(  # noqa: S603 - a fixed command with a number
            ("/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)), capture_output=True, text=True, check=False
        )
        state, _, started = listing.stdout.strip().partition(" ")
        return started.strip() if state and not state.startswith("Z") else None
    try:
        # The command's name is in parentheses and may itself hold anything.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return None if fields[_STATE] in "ZX" else f"{boot}:{fields[_START_TIME]}"


@dataclass(frozen=True)
class ProcessId:
    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Self | None:
        started = _start_time(pid)
        return cls(pid, started) if started is not None else None

    @classmethod
    def own(cls) -> Self:
        pid = os.getpid()
        return cls(pid, _start_time(pid) or "")

    def alive(self) -> bool:
        return _start_time(self.pid) == self.started

    def send(self, number: signal.Signals) -> None:
        """Signals this process and never another that got its pid meanwhile."""
        with contextlib.suppress(ProcessLookupError):
            if sys.platform != "linux":
                if self.alive():
                    os.kill(self.pid, number)
                return
            # The descriptor is taken first and means one process for good, so the check cannot go stale.
            descriptor = os.pidfd_open(self.pid)
            try:
                if self.alive():
                    signal.pidfd_send_signal(descriptor, number)
            finally:
                os.close(descriptor)
