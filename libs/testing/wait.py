"""Waiting for a condition instead of sleeping."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any


async def until(
    condition: Callable[[], Any],
    *,
    timeout: float = 30.0,  # noqa: ASYNC109 - the last failure belongs into the message.
    every: float = 0.02,
) -> Any:
    """Returns the first truthy result of a function or coroutine function.

    What it raises counts as not yet, and is told if time runs out.
    """
    deadline = time.monotonic() + timeout
    last: object = None
    while True:
        try:
            found = condition()
            result = await found if inspect.isawaitable(found) else found
            if result:
                return result
            last = result
        except (AssertionError, OSError, LookupError) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s; last: {last!r}")
        await asyncio.sleep(every)
