"""Both sides in turn, and the other way round in every second round: what slows the machine slows both."""

from benchmarks.comparison import Outcome, Row, Sample
from benchmarks.fixtures import Fixtures


async def hold(row: Row, ground: Fixtures, rounds: int, seconds: float) -> Outcome:
    limit: list[Sample] = []
    shop: list[Sample] = []
    async with row.contest(ground) as contest:
        sides = [(contest.limit, limit), (contest.shop, shop)]
        for measure, _ in sides:
            # The first is always the slowest, and does not count.
            await measure(min(seconds, 0.5))
        for number in range(rounds):
            for measure, samples in sides if number % 2 == 0 else reversed(sides):
                samples.append(await measure(seconds))
    return Outcome(row, limit, shop)
