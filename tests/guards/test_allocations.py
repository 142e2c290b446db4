"""What a read takes of Python's memory, and that it gives all of it back."""

import gc
import sys
import tracemalloc
from collections.abc import AsyncIterator
from itertools import pairwise

import asyncpg
import httpx
import pytest

from benchmarks import data
from benchmarks.rows.reads import one, page
from catalog_service.core.settings import Settings
from catalog_service.main import create_app
from libs.testing.fixtures import DatabaseFor

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("allocations")]

REQUESTS = 200
AT_ONCE = 48 * 1024
RECEIVING = 256 * 1024
"""What asyncio takes for a moment whenever a socket has something for it."""


@pytest.fixture(scope="module")
async def client(database_for: DatabaseFor) -> AsyncIterator[httpx.AsyncClient]:
    url = await database_for("catalog_service", own="allocations")
    database = await asyncpg.connect(url)
    await data.fill_catalog(database, products=1_000)
    await database.close()
    app = create_app(Settings(database_url=url, jwks_url="http://127.0.0.1:9/"))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://catalog") as client,
    ):
        yield client


@pytest.mark.parametrize("path", [one(1), page(1)], ids=["product", "page"])
async def test_nothing_stays_of_a_request(client: httpx.AsyncClient, path: str) -> None:
    counted = []
    for _ in range(4):
        await ask(client, path, REQUESTS)
        counted.append(blocks())
    # Less than one of each, at least at some time: caches that fill are no leak, which never ends.
    assert min(after - before for before, after in pairwise(counted)) < REQUESTS


@pytest.mark.parametrize("path", [one(1), page(1)], ids=["product", "page"])
async def test_a_request_takes_little_at_once(client: httpx.AsyncClient, path: str) -> None:
    """With what the client that asks takes."""
    tracemalloc.start()
    try:
        await ask(client, path, 10)
        begun, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        await ask(client, path, 1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - begun <= RECEIVING + AT_ONCE


async def ask(client: httpx.AsyncClient, path: str, times: int) -> None:
    for _ in range(times):
        (await client.get(path)).raise_for_status()


def blocks() -> int:
    gc.collect()
    return sys.getallocatedblocks()
