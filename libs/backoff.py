"""How long to wait before the next try: twice as long after each failure, up to a limit."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

# Further doublings reach every limit, and must not overflow.
_MAX_DOUBLINGS: Final = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    first: float
    """Seconds after the first failure."""
    longest: float
    jitter: float = 0.0
    """The share of a delay that is left to chance, which keeps apart what failed at the same moment."""

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        doublings = min(max(failures - 1, 0), _MAX_DOUBLINGS)
        delay = min(self.longest, self.first * 2.0**doublings)
        return delay * random.uniform(1 - self.jitter, 1)  # noqa: S311 - no secret.

    def after(self, failures: int) -> timedelta:
        return timedelta(seconds=self.delay(failures))

    def sql(self, failures: str) -> str:
        """The same as an interval in PostgreSQL, without jitter, of a number that is there at least 1."""
        return (
            f"least(interval '{self.longest:g} seconds',"
            f" interval '{self.first:g} seconds' * 2 ^ least({failures} - 1, {_MAX_DOUBLINGS}))"
        )
