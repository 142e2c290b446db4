"""The same reads on ten times the data. Both sides are the shop; its limit is itself when it was small."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from benchmarks import data
from benchmarks.comparison import P50, Claim, Comparison, Row
from benchmarks.fixtures import Fixtures
from benchmarks.load import get
from benchmarks.measuring import again_and_again, requests_to
from benchmarks.rows.customers import Customers
from benchmarks.rows.reads import catalog_environment, one, page

TIMES: Final = 10
LEVELS: Final = 2_000
DIFFERENT: Final = 1_000

SMALL: Final = "the shop when it was small"
CLAIMS: Final = (Claim(P50, 1.3, 1.1),)


@asynccontextmanager
async def of_two(
    ground: Fixtures,
    module: str,
    *,
    small: tuple[Mapping[str, str], Sequence[bytes]],
    large: tuple[Mapping[str, str], Sequence[bytes]],
) -> AsyncIterator[Comparison]:
    """Each with its environment and its requests."""
    async with ground.running_all((module, small[0]), (module, large[0]), may_stay=True) as (limit, shop):
        # One client: how long it takes, and not how long it waits for others.
        yield Comparison(
            limit=requests_to(limit, again_and_again(small[1]), connections=1),
            shop=requests_to(shop, again_and_again(large[1]), connections=1),
        )


@asynccontextmanager
async def products(ground: Fixtures) -> AsyncIterator[Comparison]:
    few, many = ground.products // TIMES, ground.products
    small, large = [
        (past_memory(await ground.catalog(count)), [get(one(number)) for number in spread(count)])
        for count in (few, many)
    ]
    async with of_two(ground, "catalog_service.main", small=small, large=large) as contest:
        yield contest


@asynccontextmanager
async def pages(ground: Fixtures) -> AsyncIterator[Comparison]:
    requests = [get(page(category)) for category in range(1, data.PARENTS + 1)]
    small, large = [
        (past_memory(await ground.catalog(count)), requests) for count in (ground.products // TIMES, ground.products)
    ]
    async with of_two(ground, "catalog_service.main", small=small, large=large) as contest:
        yield contest


@asynccontextmanager
async def levels(ground: Fixtures, *, root: bool) -> AsyncIterator[Comparison]:
    """In a tree of three levels and in a chain of 2,000: of a root, or of a category with five below it."""
    tree = range(1, data.ROOTS + 1) if root else range(data.ROOTS + 1, data.PARENTS + 1)
    chain = 1 if root else LEVELS - data.GRANDCHILDREN
    small = past_memory(await ground.catalog()), [get(page(category)) for category in tree]
    large = past_memory(await ground.catalog(levels=LEVELS)), [get(page(chain))]
    async with of_two(ground, "catalog_service.main", small=small, large=large) as contest:
        yield contest


@asynccontextmanager
async def orders(ground: Fixtures, *, listed: bool) -> AsyncIterator[Comparison]:
    async with Customers.known() as customers:
        sides = []
        for count in (ground.products // TIMES, ground.products):
            environment = customers.environment(await ground.orders(count))
            of_orders = [
                get(
                    "/api/v1/orders?limit=20" if listed else f"/api/v1/order/{data.order_id(number)}",
                    customers.authorization(data.owner_of(number)),
                )
                for number in spread(count)
            ]
            sides.append((environment, of_orders))
        small, large = sides
        async with of_two(ground, "order_service.main", small=small, large=large) as contest:
            yield contest


def past_memory(database_url: str) -> dict[str, str]:
    """What grows is the database. A catalog that answers these few from memory would not be asking it."""
    return {**catalog_environment(database_url), "PRODUCT_CACHE_SIZE": "0"}


def spread(rows: int) -> range:
    return range(1, rows + 1, max(1, rows // DIFFERENT))


ROWS = (
    Row("growth-product", "GET one product, ten times as many", CLAIMS, products, SMALL),
    Row("growth-page", "GET a page of a subtree, ten times the products", CLAIMS, pages, SMALL),
    Row("growth-order", "GET one order, ten times as many", CLAIMS, partial(orders, listed=False), SMALL),
    Row("growth-orders", "GET a page of one's orders, ten times as many", CLAIMS, partial(orders, listed=True), SMALL),
    Row("growth-levels", f"GET a page of the lowest of {LEVELS:,} levels", CLAIMS, partial(levels, root=False), SMALL),
    Row("growth-chain", f"GET a page of all {LEVELS:,} levels", CLAIMS, partial(levels, root=True), SMALL),
)
