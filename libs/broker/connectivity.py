"""Whether something we need is there. Tells the log once a change, however often it is tried."""

import logging

from libs.backoff import Backoff

logger = logging.getLogger(__name__)

BACKOFF = Backoff(first=0.2, longest=5.0, jitter=0.5)


class NotConnectedError(Exception):
    """What a health check raises."""


class Connectivity:
    def __init__(self, name: str) -> None:
        self._name = name
        self._is_up: bool | None = None
        self._failures = 0

    @property
    def is_up(self) -> bool:
        return self._is_up is True

    def up(self) -> None:
        if self._is_up is not True:
            logger.info("%s: connected", self._name)
        self._is_up = True
        self._failures = 0

    def down(self, error: BaseException) -> float:
        """How many seconds to wait before the next try."""
        if self._is_up is not False:
            logger.warning("%s: away (%s: %s); trying again until it is back", self._name, type(error).__name__, error)
        self._is_up = False
        self._failures += 1
        return BACKOFF.delay(self._failures)

    async def check(self) -> None:
        """For readiness."""
        if not self.is_up:
            raise NotConnectedError(self._name)
