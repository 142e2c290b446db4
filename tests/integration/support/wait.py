import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE = 20.0  # seconds: an event normally needs milliseconds, a loaded machine more
PAUSE = 0.05


async def until(look: Callable[[], Awaitable[T]], want: Callable[[T], bool] = bool, *, patience: float = PATIENCE) -> T:
    """What `look` sees, as soon as it is what we `want`; the last sight is in the failure."""
    deadline = time.monotonic() + patience
    while True:
        seen = await look()
        if want(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience:.0f} s; last seen: {_short(seen)}")
        await asyncio.sleep(PAUSE)


def _short(seen: Any) -> str:
    text = getattr(seen, "text", None)
    return f"{seen!r} {text if text is not None else ''}"[:2000]
