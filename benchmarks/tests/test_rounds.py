"""What slows the machine down must not slow one side more than the other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from benchmarks.comparison import RATE, Claim, Comparison, Measure, Row, Sample
from benchmarks.fixtures import Fixtures
from benchmarks.rounds import hold

NOWHERE: Any = None


class Watching:
    """A contest that tells who was measured, for how long, and answers with numbers that only grow."""

    def __init__(self) -> None:
        self.measured: list[tuple[str, float]] = []
        self.is_over = False
        self.row = Row("some", "some work", [Claim(RATE, 1.0)], self.contest)

    @asynccontextmanager
    async def contest(self, _: Fixtures) -> AsyncIterator[Comparison]:
        yield Comparison(limit=self.side("limit"), shop=self.side("shop"))
        self.is_over = True

    def side(self, name: str) -> Measure:
        async def measure(seconds: float) -> Sample:
            self.measured.append((name, seconds))
            return Sample(per_second=len(self.measured))

        return measure


@pytest.fixture
def watching() -> Watching:
    return Watching()


async def test_the_order_is_another_in_every_second_round(watching: Watching) -> None:
    await hold(watching.row, NOWHERE, rounds=3, seconds=2.0)
    counted = [name for name, _ in watching.measured[2:]]
    assert counted == ["limit", "shop", "shop", "limit", "limit", "shop"]
    assert watching.is_over


async def test_the_first_of_each_is_short_and_does_not_count(watching: Watching) -> None:
    outcome = await hold(watching.row, NOWHERE, rounds=2, seconds=2.0)
    assert watching.measured[:2] == [("limit", 0.5), ("shop", 0.5)]
    assert {seconds for _, seconds in watching.measured[2:]} == {2.0}
    assert [sample.per_second for sample in outcome.limit] == [3, 6]
    assert [sample.per_second for sample in outcome.shop] == [4, 5]


async def test_the_first_is_no_longer_than_the_others(watching: Watching) -> None:
    await hold(watching.row, NOWHERE, rounds=1, seconds=0.25)
    assert {seconds for _, seconds in watching.measured} == {0.25}


async def test_a_ratio_is_of_neighbours_and_the_median_of_all_rounds(watching: Watching) -> None:
    outcome = await hold(watching.row, NOWHERE, rounds=3, seconds=1.0)
    assert outcome.ratios(RATE) == [4 / 3, 5 / 6, 8 / 7]
    assert outcome.ratio(RATE) == 8 / 7
