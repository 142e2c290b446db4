"""GET one product, hot or any, and GET a page of a category's subtree."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from random import Random
from typing import Final

import httpx

from benchmarks import data
from benchmarks.comparison import RATE, Claim, Comparison, Row
from benchmarks.fixtures import Fixtures
from benchmarks.load import get
from benchmarks.measuring import again_and_again, requests_to

HOT: Final = 100
PAGE: Final = 20


@asynccontextmanager
async def both(ground: Fixtures, requests: Sequence[bytes]) -> AsyncIterator[Comparison]:
    environment = catalog_environment(await ground.catalog())
    sides = (("benchmarks.limits.catalog", environment), ("catalog_service.main", environment))
    async with ground.running_all(*sides, may_stay=True) as (limit, shop):
        yield Comparison(
            limit=requests_to(limit, again_and_again(requests)), shop=requests_to(shop, again_and_again(requests))
        )


def catalog_environment(database_url: str) -> dict[str, str]:
    # Nobody shows a token here, so nobody asks for keys.
    return {"DATABASE_URL": database_url, "JWKS_URL": "http://127.0.0.1:9/"}


def one(number: int) -> str:
    return f"/api/v1/products/{data.product_id(number)}"


def page(category: int) -> str:
    return f"/api/v1/products?category_id={data.category_id(category)}&limit={PAGE}"


@asynccontextmanager
async def products(ground: Fixtures, different: int | None) -> AsyncIterator[Comparison]:
    """Each is asked for again when all others were. Of more than a catalog remembers, none is answered from memory."""
    drawn = Random(1)  # noqa: S311 - no secret, and the same each time
    numbers = drawn.sample(range(1, ground.products + 1), different or ground.products)
    async with both(ground, [get(one(number)) for number in numbers]) as contest:
        yield contest


@asynccontextmanager
async def pages(ground: Fixtures) -> AsyncIterator[Comparison]:
    """The first two pages of each category that has others below."""
    first = [page(number) for number in range(1, data.PARENTS + 1)]
    environment = catalog_environment(await ground.catalog())
    async with (
        ground.running_all(("benchmarks.limits.catalog", environment), may_stay=True) as (limit,),
        httpx.AsyncClient(base_url=limit.url, trust_env=False) as client,
    ):
        cursors = [(await client.get(path)).json()["next_cursor"] for path in first]
    second = [f"{path}&cursor={cursor}" for path, cursor in zip(first, cursors, strict=True)]
    async with both(ground, [get(path) for path in (*first, *second)]) as contest:
        yield contest


ROWS = (
    Row("product", "GET one product, any of all", [Claim(RATE, 0.35)], partial(products, different=None)),
    Row("hot-product", f"GET one of {HOT} hot products", [Claim(RATE, 0.35, 1.5)], partial(products, different=HOT)),
    Row("page", f"GET a page of {PAGE} of a category's subtree", [Claim(RATE, 0.4, 1.0)], pages),
)
