"""What requests ask for while another question is under way, asked of the database at once.

A busy process has several requests at a time, and a round trip costs it more than what it brings. An idle one has one,
and asks as it would have asked alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from libs.database.errors import is_transient

Key = TypeVar("Key")
Value = TypeVar("Value")

# Seconds. A question that is stuck, with its connection, must not keep others from being asked.
MAX_WAIT: Final = 0.05


class BatchFailedError(ConnectionError):
    """A question that several had asked met an outage, which is the cause of this."""


@dataclass(frozen=True, slots=True)
class _Request(Generic[Key, Value]):
    keys: Collection[Key]
    answer: asyncio.Future[dict[Key, Value]]


class BatchLoader(Generic[Key, Value]):
    """Whoever asks is answered by a statement that begins afterwards, and so sees all that was committed before."""

    def __init__(self, ask: Callable[[Collection[Key]], Awaitable[Mapping[Key, Value]]]) -> None:
        self._ask = ask
        self._asked: list[_Request[Key, Value]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def load_many(self, keys: Collection[Key]) -> dict[Key, Value]:
        """What was found of them."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[dict[Key, Value]] = loop.create_future()
        if not self._asked:
            loop.call_later(MAX_WAIT if self._tasks else 0, self._begin)
        self._asked.append(_Request(keys, answer))
        return await answer

    async def load(self, key: Key) -> Value | None:
        return (await self.load_many((key,))).get(key)

    def _begin(self) -> None:
        if not self._asked:  # Somebody else was earlier.
            return
        asked, self._asked = self._asked, []
        task = asyncio.create_task(self._answer(asked))
        self._tasks.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._begin()

    async def _answer(self, asked: Sequence[_Request[Key, Value]]) -> None:
        error = await self._tried(asked)
        if error is None:
            return
        if len(asked) == 1 or is_transient(error):
            # To ask again for each would be an onslaught on what is busy or away.
            _fail(asked, error)
            return
        # One after the other, over one connection: it is seldom, and one of them is to blame.
        for place, each in enumerate(asked):
            error = await self._tried([each])
            if error is not None and is_transient(error):
                _fail(asked[place:], error)
                return
            if error is not None:
                _fail([each], error)

    async def _tried(self, asked: Sequence[_Request[Key, Value]]) -> Exception | None:
        """None if they have their answers, or what was raised. Whoever has left needs none."""
        asked = [each for each in asked if not each.answer.done()]
        if not asked:
            return None
        try:
            found = await self._ask({key for each in asked for key in each.keys})
        except Exception as error:  # noqa: BLE001 - whatever it is, it is for those who asked.
            return error
        for each in asked:
            if not each.answer.done():
                each.answer.set_result({key: found[key] for key in each.keys if key in found})
        return None


def _fail(asked: Sequence[_Request[Key, Value]], error: Exception) -> None:
    for each in asked:
        if not each.answer.done():
            # Whoever raises an error writes into it, so no two get the same one.
            each.answer.set_exception(error if len(asked) == 1 else _caused_by(error))


def _caused_by(error: Exception) -> BatchFailedError:
    away = BatchFailedError(repr(error))
    away.__cause__ = error
    return away
