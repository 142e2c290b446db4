"""Ending the processes that a supervisor left behind because it was killed."""

import time
from collections.abc import Iterable
from signal import SIGKILL, SIGTERM

from ops.stack.process_id import ProcessId
from ops.stack.state import State

_PATIENCE = 20.0
_POLL = 0.05


def end_orphans(state: State, patience: float = _PATIENCE) -> None:
    """Asks first. Where the kernel has already told them that their parent died, this only waits for them."""
    # Those that were started last go first, as when a stack is stopped in order.
    identities = [entry.identity for entry in reversed(state.processes)]
    end([identity for identity in identities if identity is not None], patience)


def end(identities: Iterable[ProcessId], patience: float = _PATIENCE) -> None:
    left = [identity for identity in identities if identity.alive()]
    for identity in left:
        identity.send(SIGTERM)
    left = _wait(left, patience)
    for identity in left:
        identity.send(SIGKILL)
    _wait(left, patience)


def _wait(identities: list[ProcessId], patience: float) -> list[ProcessId]:
    deadline = time.monotonic() + patience
    while (left := [identity for identity in identities if identity.alive()]) and time.monotonic() < deadline:
        time.sleep(_POLL)
    return left
