"""Whether something we need is there. Tells the log once a change, however often it is tried."""

import logging
import random

logger = logging.getLogger(__name__)

FIRST_WAIT = 0.2
LONGEST_WAIT = 5.0


class LinkDownError(Exception):
    """What a health check raises."""


class Link:
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
        longest = min(LONGEST_WAIT, FIRST_WAIT * (1 << min(self._failures - 1, 10)))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - only keeps many processes apart.

    async def check(self) -> None:
        """For readiness."""
        if not self.is_up:
            raise LinkDownError(self._name)
