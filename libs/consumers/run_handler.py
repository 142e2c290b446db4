"""One call of a handler: it ends in time, and in nothing but success or an error."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from libs.process.cancellation import raise_if_cancelled

# Seconds. Several statements that each wait as long as a statement may. Whoever hangs longer holds up others: a message
# that came before waits until it is alone.
TIMEOUT = 120.0

Call = Callable[[], Awaitable[Any]]


class HandlerTimeoutError(Exception):
    """Not a TimeoutError: those may be the database's, and would be tried again at once."""


class HandlerCancelledError(Exception):
    """Something in the handler was cancelled, or wanted to end the process, while nobody had asked for that."""


async def run_handler(call: Call) -> Exception | None:
    """None, or what the handler raised."""
    limit = asyncio.timeout(TIMEOUT)
    try:
        async with limit:
            await call()
    except Exception as error:  # noqa: BLE001 - whoever calls knows what each means.
        raise_if_cancelled()
        return HandlerTimeoutError(f"it took longer than {TIMEOUT:g} s") if limit.expired() else error
    except (asyncio.CancelledError, SystemExit) as end:
        # It would leave the message, or all of its consumer, behind.
        raise_if_cancelled()
        return HandlerCancelledError(repr(end))
    return None
