"""How much of a large catalog a read touches, as PostgreSQL counts it: blocks and rows, and not milliseconds."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from benchmarks import data
from catalog_service.domain.product_filter import Sort
from catalog_service.repositories.product_list_sql import Shape, page_query
from catalog_service.repositories.product_queries import BY_ID, BY_SLUG
from libs.database.query import CompiledQuery
from libs.testing.fixtures import DatabaseFor

# One set of databases and processes for all of these.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("large")]

PRODUCTS = 100_000
PAGE = 21  # Of one more than is shown, which tells that there is a next page.
MIDDLE = data.product_id(PRODUCTS // 2)
ROOT, LEAF = data.category_id(1), data.category_id(data.CATEGORIES)
BELOW_ROOT = 1 + data.CHILDREN + data.CHILDREN * data.GRANDCHILDREN
LEVELS, FEW = 2_000, 5_000


@pytest.fixture(scope="module")
async def database(database_for: DatabaseFor) -> AsyncIterator[asyncpg.Connection]:
    database = await asyncpg.connect(await database_for("catalog_service", own="large"), server_settings={"jit": "off"})
    await data.fill_catalog(database, PRODUCTS)
    await database.execute("VACUUM ANALYZE")
    yield database
    await database.close()


@pytest.mark.parametrize("query", [BY_ID, BY_SLUG], ids=["by id", "by slug"])
async def test_a_product_is_found_at_once(database: asyncpg.Connection, query: CompiledQuery) -> None:
    keys = [MIDDLE if query is BY_ID else f"product-{PRODUCTS // 2}"]
    blocks, rows = await touched(database, query, {"keys": keys})
    assert rows <= 2
    assert blocks <= 10


@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.CHEAPEST, Sort.DEAREST, Sort.NAME])
@pytest.mark.parametrize("with_category", [True, False])
async def test_a_page_of_everything_reads_what_it_shows(
    database: asyncpg.Connection, sort: Sort, with_category: bool
) -> None:
    query = page_query(Shape(sort=sort), continued=False, with_category=with_category)
    blocks, rows = await touched(database, query, {"limit": PAGE})
    assert rows <= 4 * PAGE
    assert blocks <= 11 * PAGE


@pytest.mark.parametrize("continued", [True, False])
@pytest.mark.parametrize(("category", "categories"), [(ROOT, BELOW_ROOT), (LEAF, 1)])
async def test_a_page_of_a_subtree_reads_no_more_of_each_category(
    database: asyncpg.Connection, category: UUID, categories: int, continued: bool
) -> None:
    """Whether it is the first page or one in the middle of thousands of products."""
    query = page_query(Shape(sort=Sort.NEWEST, category=True), continued=continued, with_category=False)
    arguments = {"category_id": category, "limit": PAGE, **({"after_id": MIDDLE} if continued else {})}
    blocks, rows = await touched(database, query, arguments)
    assert rows <= (categories + 4) * PAGE + categories
    assert blocks <= (categories + 10) * 2 * PAGE


async def test_each_level_of_a_deep_tree_is_looked_up_once(database_for: DatabaseFor) -> None:
    database = await asyncpg.connect(await database_for("catalog_service", own="deep"), server_settings={"jit": "off"})
    await data.fill_catalog(database, FEW, levels=LEVELS)
    await database.execute("VACUUM ANALYZE")
    query = page_query(Shape(sort=Sort.NEWEST, category=True), continued=False, with_category=False)
    for category, levels in ((ROOT, LEVELS), (data.category_id(LEVELS - 5), 6)):
        blocks, rows = await touched(database, query, {"category_id": category, "limit": PAGE})
        assert rows <= levels + 2 * FEW + 4 * PAGE
        assert blocks <= 8 * levels + 10 * PAGE
    await database.close()


async def touched(database: asyncpg.Connection, query: CompiledQuery, arguments: dict[str, Any]) -> tuple[int, int]:
    """Blocks, and rows of all scans, including those that a filter has thrown away."""
    explained = await database.fetchval(
        f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {query.sql}", *query.arguments(arguments)
    )
    (plan,) = json.loads(explained)
    top = plan["Plan"]
    return top["Shared Hit Blocks"] + top["Shared Read Blocks"], _scanned(top)


def _scanned(node: dict[str, Any]) -> int:
    rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0)
    own = round(rows * node["Actual Loops"]) if "Scan" in node["Node Type"] and "Relation Name" in node else 0
    return own + sum(_scanned(below) for below in node.get("Plans", ()))
