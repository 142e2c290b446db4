"""Starting a child that ends when its supervisor does, however that one ends."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ops.stack.privileges import Account

_PR_SET_PDEATHSIG = 1


def _die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """For the moment between fork and exec. Only Linux knows this; elsewhere `down` ends what is left over."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def arm() -> None:
        prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # It died before the line above.
            os._exit(1)

    return arm


async def start(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: Path,
    log: Path,
    account: Account | None = None,
    on_parent_death: signal.Signals = signal.SIGTERM,
) -> asyncio.subprocess.Process:
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *command,
            env=env,
            cwd=cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            # A session of its own: the terminal's Ctrl-C reaches the supervisor alone, which stops things in order.
            start_new_session=True,
            # Between fork and exec it calls the kernel and nothing that could wait for a lock of another thread.
            preexec_fn=_die_with_parent(on_parent_death),
            **(account.as_popen_arguments() if account else {}),
        )
