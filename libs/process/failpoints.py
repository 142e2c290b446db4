"""Named places where a test can have the process die as if by `kill -9`.

`SHOP_FAILPOINTS=relay.confirmed,commit.done@3` arms them: the first dies when it is first reached, the other when it
is reached for the third time. Without the variable a failpoint is a call of nothing.
"""

import os
import signal
from collections.abc import Callable


def _read(given: str) -> dict[str, int]:
    """How often each may still be passed."""
    entries = (entry.partition("@") for entry in filter(None, given.split(",")))
    return {name: int(count or 1) - 1 for name, _, count in entries}


_ARMED = _read(os.environ.get("SHOP_FAILPOINTS", ""))


def _pass(name: str) -> None:
    if name not in _ARMED:
        return
    if _ARMED[name] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    _ARMED[name] -= 1


def _nothing(_name: str) -> None:
    pass


failpoint: Callable[[str], None] = _pass if _ARMED else _nothing
