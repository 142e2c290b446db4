"""Outcomes that nobody has measured."""

from contextlib import asynccontextmanager
from typing import Any

from benchmarks.comparison import P50, RATE, Claim, Outcome, Row, Sample


@asynccontextmanager
async def _nothing(_: Any) -> Any:
    yield


def rates(name: str, limit: list[float], shop: list[float], cpu_us: float = 0) -> Outcome:
    row = Row(name, f"do {name}", [Claim(RATE, 0.5, 0.7)], _nothing)
    return Outcome(row, *([Sample(per_second=each, cpu_us=cpu_us) for each in side] for side in (limit, shop)))


def times(name: str, limit: list[float], shop: list[float]) -> Outcome:
    row = Row(name, f"wait for {name}", [Claim(P50, 1.3)], _nothing)
    return Outcome(row, *([Sample(p50_ms=each) for each in side] for side in (limit, shop)))
