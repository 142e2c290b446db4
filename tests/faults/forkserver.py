"""Has everything of the shop imported, and forks its processes: `python -m tests.faults.forkserver`, for `nursery.py`.

What a process of the shop takes longest for is importing: three seconds of a processor, again after each death. One
that was forked is a process like any other afterwards: it has a session, an environment, a log and a death of its own.
"""

import gc
import importlib
import json
import os
import select
import signal
from pathlib import Path
from typing import Any, Final

import uuid_utils
import uvicorn

from libs.process import failpoints
from ops.stack import child
from ops.stack.services import SERVICES

MODULES: Final = [f"{service.name}_service.{part}" for service in SERVICES for part in ("main", "worker")]
# Seconds. A death is told of so much later at most.
LOOK_EVERY: Final = 0.05

Order = dict[str, Any]


def main() -> None:
    for module in MODULES:
        importlib.import_module(module)
    # What is here now is looked through by no collection of a child's, and so remains shared with it.
    gc.collect()
    gc.freeze()
    if (order := _serve()) is not None:
        _live(order)


def _serve() -> Order | None:
    """Returns in each child what it is to be, and in the mother when nobody wants children of her any more."""
    rest = b""
    while True:
        readable, _, _ = select.select([0], [], [], LOOK_EVERY)
        _bury()
        if not readable:
            continue
        if not (said := os.read(0, 65536)):
            return None
        *lines, rest = (rest + said).split(b"\n")
        for line in lines:
            # However the mother ends.
            follow = child._die_with_parent(signal.SIGKILL)  # noqa: SLF001 - what `child.start` does, which cannot fork.
            if (pid := os.fork()) == 0:
                if follow is not None:
                    follow()
                order: Order = json.loads(line)
                return order
            _say(born=pid)


def _bury() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _say(died=pid, code=os.waitstatus_to_exitcode(status))


def _say(**what: int) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def _live(order: Order) -> None:
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(Path(order["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for number, file in enumerate((nothing, log, log)):
        os.dup2(file, number)
    os.environ.clear()
    os.environ.update(order["environment"])
    # What was read when these were imported is the mother's. She is armed with something that is never reached, or else
    # a failpoint would be a call of nothing.
    armed = failpoints._ARMED  # noqa: SLF001 - a process that starts anew needs no other way.
    armed.clear()
    armed.update(failpoints._read(os.environ.get("SHOP_FAILPOINTS", "")))  # noqa: SLF001 - as above.
    # Else two children could draw the same ids.
    uuid_utils.reseed_rng()
    uvicorn.main(order["arguments"])


if __name__ == "__main__":
    main()
