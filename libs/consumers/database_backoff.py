"""Waiting for the database to come back: everybody waits for one probe."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import asyncpg

from libs.backoff import Backoff
from libs.database.pool import PoolTimeoutError

BACKOFF = Backoff(first=0.01, longest=5.0, jitter=0.5)

logger = logging.getLogger(__name__)

_CERTAIN = (
    asyncpg.InsufficientResourcesError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.ReadOnlySQLTransactionError,
    PoolTimeoutError,
)


def is_certain_outage(error: BaseException) -> bool:
    """True where no message can be the cause, so that trying again for ever is right.

    Of the rest that `is_transient` knows, a deadlock may be a handler's own doing, and so may a broken connection: the
    server ends that of who waits too long inside a transaction.
    """
    return isinstance(error, _CERTAIN)


class DatabaseBackoff:
    """Pauses who asks until the probe succeeds. Says so once when it begins and once when it is over."""

    def __init__(self, probe: Callable[[], Awaitable[None]]) -> None:
        self._probe = probe
        self._turn = asyncio.Lock()
        self._lasts = False
        self._begun = 0

    async def wait_until_up(self, tries: int) -> bool:
        """Returns when the database answers, and whether it was away. Waits longer first the more tries there were."""
        lasted, begun = self._lasts, self._begun
        await asyncio.sleep(BACKOFF.delay(tries + 1))
        async with self._turn:
            failures = 0
            while (error := await self._failure()) is not None:
                if not self._lasts:
                    logger.warning("Consumers pause: the database is away (%s)", type(error).__name__)
                    self._lasts = True
                    self._begun += 1
                failures += 1
                await asyncio.sleep(BACKOFF.delay(failures + 1))
            if self._lasts:
                logger.warning("Consumers carry on: the database is back")
                self._lasts = False
            return lasted or self._begun > begun

    async def _failure(self) -> Exception | None:
        try:
            await self._probe()
        except Exception as error:  # noqa: BLE001 - whatever it is, the database does not answer.
            return error
        return None
