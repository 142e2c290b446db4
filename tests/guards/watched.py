"""A program of the shop whose statements are counted."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.programs import PATIENCE, running
from tests.guards.wire import Wire

# The first requests open connections and prepare statements.
WARM_UP = 5

Send = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Watched:
    client: httpx.AsyncClient
    wire: Wire

    async def statements(self, send: Send) -> list[str]:
        """Those of one more such request. What notifies the relay, and what asks each second whether a change would be
        told, is nobody's request.
        """
        for _ in range(WARM_UP):
            (await send(self.client)).raise_for_status()
        self.wire.executed.clear()
        (await send(self.client)).raise_for_status()
        return [each for each in self.wire.executed if not each.startswith("NOTIFY") and each != "SELECT 1"]


@asynccontextmanager
async def watched(module: str, environment: Mapping[str, str], wire: Wire, logs: Path) -> AsyncIterator[Watched]:
    async with (
        running(module, environment, logs) as program,
        httpx.AsyncClient(base_url=program.url, timeout=PATIENCE, trust_env=False) as client,
    ):
        yield Watched(client, wire)
