"""Nesting has no limit."""

import json

import asyncpg
import pytest

from catalog_service.tests.integration.catalog import Catalog, Json, code, ids, unique
from libs.process.ids import new_id

LEVELS = 2_000


CHAIN = """
    INSERT INTO categories (id, parent_id, level, name, slug, created_at, updated_at)
    SELECT id, parent_id, number - 1, 'level ' || number, 'level-' || id, now(), now()
    FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS link (id, parent_id, number)
"""


@pytest.fixture(scope="module")
async def chain(database: asyncpg.Pool) -> list[Json]:
    """Put there at once; that such a chain can also be built link by link is shown on a whole shop."""
    made = [new_id() for _ in range(LEVELS)]
    await database.execute(CHAIN, made, [None, *made[:-1]])
    return [{"id": str(each)} for each in made]


async def test_it_is_listed_flat_and_nested(catalog: Catalog, window: Catalog, chain: list[Json]) -> None:
    product = await catalog.product(category_id=chain[-1]["id"])
    flat = (await window.get("/categories", root_id=chain[0]["id"]))["items"]
    assert ids(flat) == ids(chain)
    assert [category["level"] for category in flat] == list(range(LEVELS))
    assert {category["product_count"] for category in flat} == {1}
    nested = await window.call("GET", "/categories", params={"root_id": chain[0]["id"], "view": "tree"})
    # Python's reader gives up long before such a depth, so the brackets are counted instead.
    assert nested.text.count('"children":[') == LEVELS
    assert nested.text.endswith('"children":[' + "]}" * LEVELS + '],"next_cursor":null}')
    shallow = await window.call("GET", "/categories", params={"view": "tree", "depth": 3})
    assert json.loads(shallow.text)["items"]
    await catalog.send("DELETE", f"/product/{product['id']}", status=204)


async def test_the_deepest_knows_its_ancestors(window: Catalog, chain: list[Json]) -> None:
    assert ids((await window.get(f"/category/{chain[-1]['id']}"))["ancestors"]) == ids(chain[:-1])


async def test_its_halves_are_parted_and_joined(
    catalog: Catalog, window: Catalog, chain: list[Json], database: asyncpg.Pool
) -> None:
    name = unique("needle")
    product = await catalog.product(name=name, category_id=chain[-1]["id"])
    top, middle = chain[0], chain[LEVELS // 2]
    below_itself = await catalog.call("PUT", f"/category/{top['id']}", json={"parent_id": chain[-1]["id"]})
    assert code(below_itself) == (409, "category_cycle")
    for parent, found_from_the_top in ((None, []), (chain[LEVELS // 2 - 1], [product["id"]])):
        body = {"parent_id": parent["id"] if parent else None}
        await catalog.send("PUT", f"/category/{middle['id']}", body)
        wrong = await database.fetchval(
            "SELECT count(*) FROM categories c JOIN categories p ON p.id = c.parent_id WHERE c.level <> p.level + 1"
        )
        assert wrong == 0
        for filters in ({}, {"q": name}):
            assert ids(await window.walk("/products", category_id=top["id"], **filters)) == found_from_the_top
            assert ids(await window.walk("/products", category_id=middle["id"], **filters)) == [product["id"]]
    listed = await window.walk(f"/products_with_category/{top['id']}")
    assert listed[0]["category"]["level"] == LEVELS - 1
