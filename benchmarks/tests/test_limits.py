"""What the shop is measured against does the same: the limits' answers are the shop's, byte for byte."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import httpx
import pytest

from benchmarks import data
from benchmarks.programs import running
from benchmarks.rows.reads import catalog_environment, one, page
from libs.testing.fixtures import DatabaseFor

# One set of databases and processes for all of these.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("limits")]

PRODUCTS = 3_000

Sides = tuple[httpx.AsyncClient, httpx.AsyncClient]


@pytest.fixture(scope="module")
async def catalogs(database_for: DatabaseFor, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sides]:
    url = await database_for("catalog_service", own="bench")
    database = await asyncpg.connect(url)
    await data.fill_catalog(database, PRODUCTS)
    await database.close()
    logs = tmp_path_factory.mktemp("logs")
    async with AsyncExitStack() as scope:
        limit, shop = [
            await scope.enter_async_context(running(module, catalog_environment(url), logs))
            for module in ("benchmarks.limits.catalog", "catalog_service.main")
        ]
        yield (
            await scope.enter_async_context(httpx.AsyncClient(base_url=limit.url, trust_env=False)),
            await scope.enter_async_context(httpx.AsyncClient(base_url=shop.url, trust_env=False)),
        )


@pytest.mark.parametrize("number", [1, 2, 1_234, PRODUCTS])
async def test_a_product(catalogs: Sides, number: int) -> None:
    limit, shop = [await client.get(one(number)) for client in catalogs]
    assert limit.content == shop.content
    assert limit.headers["ETag"] == shop.headers["ETag"]
    assert limit.headers["Content-Type"] == shop.headers["Content-Type"]


@pytest.mark.parametrize("category", [1, data.ROOTS + 1, data.CATEGORIES])
async def test_all_pages_of_a_category(catalogs: Sides, category: int) -> None:
    path = page(category)
    while path:
        limit, shop = [await client.get(path) for client in catalogs]
        assert limit.content == shop.content
        cursor = shop.json()["next_cursor"]
        path = cursor and f"{page(category)}&cursor={cursor}"
