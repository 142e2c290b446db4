"""How long to wait before a process that ended is started again."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    first: float = 0.5
    longest: float = 30.0
    settled_after: float = 20.0

    def delay(self, quick_ends: int) -> float:
        """Doubles with each end in a row that came soon after the start. After a long life it is the first one."""
        return float(min(self.first * 2 ** min(max(quick_ends - 1, 0), 16), self.longest))

    def is_settled(self, lifetime: float) -> bool:
        return lifetime >= self.settled_after
