"""Notices work that stands still, and starts it again."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from prometheus_client import Counter

from libs.process.cancellation import cancel_and_wait

CHECK_INTERVAL: Final = 1.0

RECOVERIES = Counter("watchdog_recoveries_total", "Parts of a worker that were gone or stood still", ["what"])
logger = logging.getLogger(__name__)


class StalledError(Exception):
    """It has made no step for longer than all its time-outs together."""


class Heartbeat:
    """When something that goes on for ever made its last step."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self.beat()

    def beat(self) -> None:
        self._at = time.monotonic()

    def check(self) -> None:
        """Raises StalledError."""
        if time.monotonic() - self._at > self._longest:
            raise StalledError(f"no step for {self._longest:g} s")


async def run_watched(what: str, work: Callable[[], Awaitable[None]], check: Callable[[], None]) -> None:
    """Runs the work; ends it and raises when the check does. Whoever started it starts it again."""
    task = asyncio.ensure_future(work())
    try:
        while not (await asyncio.wait([task], timeout=CHECK_INTERVAL))[0]:
            check()
    except StalledError:
        RECOVERIES.labels(what).inc()
        logger.error("%s stands still; it is ended and starts again", what)  # noqa: TRY400 - where it stands is another task's.
        raise
    finally:
        await cancel_and_wait([task])
    await task
