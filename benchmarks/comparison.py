"""What is measured: some work, done by a small honest program (the limit) and by the shop."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from operator import attrgetter
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.fixtures import Fixtures


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement. What a work has not got is 0."""

    per_second: float = 0
    cpu_us: float = 0
    """Microseconds of the measured processes' CPU for one piece of work: what noisy neighbours disturb least."""
    p50_ms: float = 0
    p99_ms: float = 0
    mib: float = 0


Measure = Callable[[float], Awaitable[Sample]]
"""Measures for so many seconds."""


@dataclass(frozen=True, slots=True)
class Comparison:
    limit: Measure
    shop: Measure


@dataclass(frozen=True, slots=True)
class Quantity:
    """Which number of a sample counts."""

    unit: str
    of: Callable[[Sample], float]
    more_is_better: bool = False


RATE = Quantity("/s", attrgetter("per_second"), more_is_better=True)
P50 = Quantity("ms p50", attrgetter("p50_ms"))
P99 = Quantity("ms p99", attrgetter("p99_ms"))
MEMORY = Quantity("MiB", attrgetter("mib"))


@dataclass(frozen=True, slots=True)
class Claim:
    """What the shop's number divided by the limit's has to be: at least that, or at most that where less is better."""

    quantity: Quantity
    first: float
    then: float | None = None

    def met_by(self, ratio: float, target: float) -> bool:
        return ratio >= target if self.quantity.more_is_better else ratio <= target


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    title: str
    claims: Sequence[Claim]
    contest: "Callable[[Fixtures], AbstractAsyncContextManager[Comparison]]"
    limit: str = "bare program"
    """What the limit is, in a few words."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """All rounds of one row. A round measured both, one right after the other."""

    row: Row
    limit: Sequence[Sample]
    shop: Sequence[Sample]

    def ratios(self, quantity: Quantity) -> list[float]:
        pairs = zip(self.shop, self.limit, strict=True)
        return [quantity.of(shop) / quantity.of(limit) for shop, limit in pairs]

    def ratio(self, quantity: Quantity) -> float:
        """Of each round's two neighbours, and not of two medians: noise that comes and goes hits both alike."""
        return median(self.ratios(quantity))


def middle(samples: Sequence[Sample], of: Callable[[Sample], float]) -> float:
    return median(of(sample) for sample in samples)
