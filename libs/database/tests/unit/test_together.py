import asyncio
from collections.abc import Collection, Mapping

import pytest

from libs.database.together import Together
from libs.testing.wait import until


class Lengths:
    """How long words are. Knows none that begins with x."""

    def __init__(self) -> None:
        self.asked: list[set[str]] = []
        self.fails = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, words: Collection[str]) -> Mapping[str, int]:
        self.asked.append(set(words))
        await self.may_answer.wait()
        if self.fails:
            raise ConnectionResetError
        return {word: len(word) for word in words if not word.startswith("x")}


@pytest.fixture
def lengths() -> Lengths:
    return Lengths()


async def test_those_who_ask_in_one_turn_are_answered_at_once(lengths: Lengths) -> None:
    together = Together(lengths)
    one, several, unknown = await asyncio.gather(together.one("a"), together.all(["bb", "a", "xx"]), together.one("xx"))
    assert (one, several, unknown) == (1, {"bb": 2, "a": 1}, None)
    assert lengths.asked == [{"a", "bb", "xx"}]


async def test_whoever_asks_later_is_not_answered_by_what_was_begun_before(lengths: Lengths) -> None:
    together = Together(lengths)
    lengths.may_answer.clear()
    first = asyncio.create_task(together.one("a"))
    await until(lambda: lengths.asked)
    second = asyncio.create_task(together.one("a"))
    await until(lambda: len(lengths.asked) > 1)
    lengths.may_answer.set()
    assert await first == await second == 1
    assert lengths.asked == [{"a"}, {"a"}]


async def test_a_failure_is_everybodys_and_the_next_are_asked_anew(lengths: Lengths) -> None:
    together = Together(lengths)
    lengths.fails = True
    failures = await asyncio.gather(together.one("a"), together.one("bb"), return_exceptions=True)
    assert [type(failure) for failure in failures] == [ConnectionResetError] * 2
    lengths.fails = False
    assert await together.one("a") == 1


async def test_one_who_leaves_takes_nothing_from_the_others(lengths: Lengths) -> None:
    together = Together(lengths)
    leaving, staying = (asyncio.create_task(together.one("a")) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == 1
    assert leaving.cancelled()
