"""A program of the shop whose statements are counted."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from tests.guards.wire import Wire

# The first requests open connections and prepare statements.
WARM_UP = 5

Send = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Watched:
    client: httpx.AsyncClient
    wire: Wire

    async def statements(self, send: Send) -> list[str]:
        """Those of one more such request. What rings for the relay is nobody's request."""
        for _ in range(WARM_UP):
            (await send(self.client)).raise_for_status()
        self.wire.executed.clear()
        (await send(self.client)).raise_for_status()
        return [statement for statement in self.wire.executed if not statement.startswith("NOTIFY")]
