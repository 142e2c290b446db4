"""How many connections of a process's pools are in use, told to Prometheus."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, Protocol

from prometheus_client import Gauge

# By a timer: what is counted as connections come and go would cost every statement something, and what is asked for
# when Prometheus comes would tell of one process alone where several share a port.
INTERVAL: Final = 2.0

IN_USE = Gauge("database_pool_in_use", "Connections that are borrowed", ["pool"], multiprocess_mode="livesum")
OPEN = Gauge("database_pool_open", "Connections that are open", ["pool"], multiprocess_mode="livesum")
LIMIT = Gauge("database_pool_limit", "Connections that may be open", ["pool"], multiprocess_mode="livesum")


class Pool(Protocol):
    def stats(self) -> tuple[int, int, int]:
        """How many are borrowed, open, allowed."""


@asynccontextmanager
async def export_pool_metrics(pools: Mapping[str, Pool]) -> AsyncIterator[None]:
    """For the length of a process's life."""
    task = asyncio.create_task(_measure(pools))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _measure(pools: Mapping[str, Pool]) -> None:
    while True:
        for name, pool in pools.items():
            in_use, is_open, limit = pool.stats()
            IN_USE.labels(name).set(in_use)
            OPEN.labels(name).set(is_open)
            LIMIT.labels(name).set(limit)
        await asyncio.sleep(INTERVAL)
