"""Many pass together, or one alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class SharedExclusiveLock:
    """A shared and exclusive lock of one process, in turns.

    Who wants to be alone goes before those who come later, or would wait for ever. Those who waited meanwhile go before
    the next one: of many who want to be alone, nobody waits for more than one.
    """

    def __init__(self) -> None:
        self._inside = 0
        self._alone = False
        self._wanting_alone = 0
        self._wanting_to_share: set[object] = set()
        self._next: set[object] = set()
        """Those of them whose turn it is."""
        self._waiting: set[asyncio.Future[None]] = set()

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        me = object()
        self._wanting_to_share.add(me)
        try:
            await self._until(lambda: not self._alone and (me in self._next or not self._wanting_alone))
            self._inside += 1
        finally:
            self._wanting_to_share.discard(me)
            self._next.discard(me)
            self._wake()
        try:
            yield
        finally:
            self._inside -= 1
            self._wake()

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[None]:
        self._wanting_alone += 1
        try:
            await self._until(lambda: not self._alone and not self._inside and not self._next)
            self._alone = True
        finally:
            self._wanting_alone -= 1
            self._wake()
        try:
            yield
        finally:
            self._alone = False
            self._next = self._wanting_to_share.copy()
            self._wake()

    async def _until(self, free: Callable[[], bool]) -> None:
        while not free():
            turn = asyncio.get_running_loop().create_future()
            self._waiting.add(turn)
            try:
                await turn
            finally:
                self._waiting.discard(turn)

    def _wake(self) -> None:
        # Not a condition variable: telling the others must not need a turn of its own, which a cancellation may take.
        for turn in self._waiting:
            if not turn.done():
                turn.set_result(None)
