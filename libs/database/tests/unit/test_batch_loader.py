import asyncio
from collections.abc import Collection, Mapping

import pytest

from libs.database.batch_loader import BatchLoader
from libs.database.errors import is_transient
from libs.testing.wait import until


class Lengths:
    """How long words are. Knows none that begins with x."""

    def __init__(self) -> None:
        self.asked: list[set[str]] = []
        self.fails = False
        self.bad: set[str] = set()
        self.away_after = 1_000
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, words: Collection[str]) -> Mapping[str, int]:
        self.asked.append(set(words))
        await self.may_answer.wait()
        if self.fails or len(self.asked) > self.away_after:
            raise ConnectionResetError
        if self.bad & set(words):
            raise ValueError(*sorted(self.bad & set(words)))
        return {word: len(word) for word in words if not word.startswith("x")}


@pytest.fixture
def lengths() -> Lengths:
    return Lengths()


async def test_those_who_ask_in_one_turn_are_answered_at_once(lengths: Lengths) -> None:
    together = BatchLoader(lengths)
    one, several, unknown = await asyncio.gather(
        together.load("a"), together.load_many(["bb", "a", "xx"]), together.load("xx")
    )
    assert (one, several, unknown) == (1, {"bb": 2, "a": 1}, None)
    assert lengths.asked == [{"a", "bb", "xx"}]


async def test_whoever_asks_later_is_not_answered_by_what_was_begun_before(lengths: Lengths) -> None:
    together = BatchLoader(lengths)
    lengths.may_answer.clear()
    first = asyncio.create_task(together.load("a"))
    await until(lambda: lengths.asked)
    second = asyncio.create_task(together.load("a"))
    await until(lambda: len(lengths.asked) > 1)
    lengths.may_answer.set()
    assert await first == await second == 1
    assert lengths.asked == [{"a"}, {"a"}]


async def test_an_error_is_for_whom_it_belongs_to(lengths: Lengths) -> None:
    together = BatchLoader(lengths)
    lengths.bad = {"bb", "cc"}
    good, several, bad, other = await asyncio.gather(
        together.load("a"),
        together.load_many(["a", "bb"]),
        together.load("cc"),
        together.load("d"),
        return_exceptions=True,
    )
    assert (good, other) == (1, 1)
    assert (repr(several), repr(bad)) == ("ValueError('bb')", "ValueError('cc')")
    assert lengths.asked == [{"a", "bb", "cc", "d"}, {"a"}, {"a", "bb"}, {"cc"}, {"d"}]


async def test_an_outage_is_everybodys_and_the_next_are_asked_anew(lengths: Lengths) -> None:
    together = BatchLoader(lengths)
    lengths.fails = True
    first, second = await asyncio.gather(together.load("a"), together.load("bb"), return_exceptions=True)
    for failure in (first, second):
        assert isinstance(failure, BaseException)
        assert is_transient(failure)
        assert isinstance(failure.__cause__, ConnectionResetError)
    assert first is not second
    assert lengths.asked == [{"a", "bb"}]
    with pytest.raises(ConnectionResetError):
        await together.load("a")
    lengths.fails = False
    assert await together.load("a") == 1


async def test_an_outage_while_each_is_asked_alone_is_met_once(lengths: Lengths) -> None:
    together = BatchLoader(lengths)
    lengths.bad = {"bb"}
    lengths.away_after = 2
    words = ("a", "bb", "d", "e")
    failures = await asyncio.gather(*(together.load(word) for word in words), return_exceptions=True)
    assert failures[0] == 1
    assert all(isinstance(failure, BaseException) and is_transient(failure) for failure in failures[1:])
    assert len(set(map(id, failures))) == len(words)
    assert lengths.asked == [set(words), {"a"}, {"bb"}]


async def test_whoever_left_is_not_asked_for_again(lengths: Lengths) -> None:
    together = BatchLoader(lengths)
    lengths.bad = {"bb"}
    lengths.may_answer.clear()
    leaving, failing, staying = (asyncio.create_task(together.load(word)) for word in ("a", "bb", "d"))
    await until(lambda: lengths.asked)
    leaving.cancel()
    await asyncio.wait([leaving])
    lengths.may_answer.set()
    assert await staying == 1
    with pytest.raises(ValueError, match="bb"):
        await failing
    assert lengths.asked == [{"a", "bb", "d"}, {"bb"}, {"d"}]


async def test_one_who_leaves_takes_nothing_from_the_others(lengths: Lengths) -> None:
    together = BatchLoader(lengths)
    leaving, staying = (asyncio.create_task(together.load("a")) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == 1
    assert leaving.cancelled()
