"""Named places where a test can have the process die as if by `kill -9`.

`SHOP_FAILPOINTS` names those that are armed, with commas between. Without it a failpoint is a call of nothing.
"""

import os
import signal
from collections.abc import Callable

_ARMED = frozenset(filter(None, os.environ.get("SHOP_FAILPOINTS", "").split(",")))


def _die_here(name: str) -> None:
    if name in _ARMED:
        os.kill(os.getpid(), signal.SIGKILL)


def _nothing(_name: str) -> None:
    pass


failpoint: Callable[[str], None] = _die_here if _ARMED else _nothing
