"""Many pass together, or one alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Gate:
    """A shared and exclusive lock of one process. Who wants to be alone goes first, or would wait for ever."""

    def __init__(self) -> None:
        self._inside = 0
        self._alone = False
        self._wanting_alone = 0
        self._waiting: set[asyncio.Future[None]] = set()

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        await self._until(lambda: not self._alone and not self._wanting_alone)
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            self._wake()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        self._wanting_alone += 1
        try:
            await self._until(lambda: not self._alone and not self._inside)
            self._alone = True
        finally:
            self._wanting_alone -= 1
            self._wake()
        try:
            yield
        finally:
            self._alone = False
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
