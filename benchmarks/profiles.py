"""Work that is piled up first and then done: as much as will take about so many seconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from benchmarks.comparison import Measure, Sample
from benchmarks.programs import Program

SMALLEST: Final = 200
LARGEST: Final = 30_000
PATIENCE: Final = 120
EVERY: Final = 0.005

Took = tuple[float, float]
"""Seconds, and seconds of CPU."""


def backlog_profile(work: Callable[[int], Awaitable[Took]], smallest: int = SMALLEST) -> Measure:
    """`work` does so many pieces, and says what they took. The first pile, which does not count, is the smallest."""
    rate = 0.0

    async def measure(seconds: float) -> Sample:
        nonlocal rate
        pieces = min(max(int(rate * seconds), smallest), LARGEST)
        took, cpu = await work(pieces)
        rate = pieces / took
        return Sample(per_second=rate, cpu_us=cpu / pieces * 1e6)

    return measure


async def timed(program: Program, begin: Callable[[], Awaitable[None]], is_done: Callable[[], Awaitable[bool]]) -> Took:
    """From when it is let go until it is done."""
    started, cpu = time.perf_counter(), program.cpu_seconds()
    await begin()
    while not await is_done():
        if time.perf_counter() - started > PATIENCE:
            raise TimeoutError("the work is not done")
        await asyncio.sleep(EVERY)
    return time.perf_counter() - started, program.cpu_seconds() - cpu
