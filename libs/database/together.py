"""What requests ask for while another question is under way, asked of the database at once.

A busy process has several requests at a time, and a round trip costs it more than what it brings. An idle one has one,
and asks as it would have asked alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final, Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

# Seconds. A question that is stuck, with its connection, must not keep others from being asked.
LONGEST: Final = 0.05


class Together(Generic[Key, Value]):
    """Whoever asks is answered by a statement that begins afterwards, and so sees all that was committed before."""

    def __init__(self, ask: Callable[[Collection[Key]], Awaitable[Mapping[Key, Value]]]) -> None:
        self._ask = ask
        self._asked: list[tuple[Collection[Key], asyncio.Future[dict[Key, Value]]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def all(self, keys: Collection[Key]) -> dict[Key, Value]:
        """What was found of them."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[dict[Key, Value]] = loop.create_future()
        if not self._asked:
            loop.call_later(LONGEST if self._tasks else 0, self._begin)
        self._asked.append((keys, answer))
        return await answer

    async def one(self, key: Key) -> Value | None:
        return (await self.all((key,))).get(key)

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

    async def _answer(self, asked: list[tuple[Collection[Key], asyncio.Future[dict[Key, Value]]]]) -> None:
        waiting = [(keys, answer) for keys, answer in asked if not answer.done()]
        try:
            found = await self._ask({key for keys, _ in waiting for key in keys})
        except Exception as error:  # noqa: BLE001 - whatever it is, it is for those who asked.
            for _, answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
            return
        for keys, answer in waiting:
            if not answer.done():
                answer.set_result({key: found[key] for key in keys if key in found})
