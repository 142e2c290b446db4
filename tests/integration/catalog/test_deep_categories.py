"""Nesting has no limit: a chain of 2,000 levels is built, listed, moved, searched below, and taken down."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.integration.support.clients import Json, ServiceClients
from tests.integration.support.factories import make_category, make_product
from tests.integration.support.names import unique, word
from tests.integration.support.pages import ids, walk
from tests.integration.support.problems import assert_problem, ok
from tests.integration.support.trees import assert_depth_first, flat, flatten, nested, read_category

LEVELS = 2000


@pytest.fixture
async def chain(admin: ServiceClients) -> AsyncIterator[list[Json]]:
    made: list[Json] = []
    try:
        for level in range(LEVELS):
            made.append(await make_category(admin, made[-1] if made else None, name=unique(f"Level {level} ")))
        yield made
    finally:
        await take_down(admin, made)


async def take_down(admin: ServiceClients, chain: list[Json]) -> None:
    """Cut into pieces that go at the same time, each from its end: only what is empty can be deleted."""

    async def remove(piece: list[Json]) -> None:
        for category in reversed(piece):
            await admin.catalog.delete(f"/category/{category['id']}")

    pieces = [chain[start : start + LEVELS // 4] for start in range(0, len(chain), LEVELS // 4)]
    for piece in pieces[1:]:
        await admin.catalog.put(f"/category/{piece[0]['id']}", json={"parent_id": None})
    await asyncio.gather(*(remove(piece) for piece in pieces))


@pytest.mark.slow
async def test_a_chain_of_2000_levels(admin: ServiceClients, nobody: ServiceClients, chain: list[Json]) -> None:
    root, middle, deepest = chain[0], chain[LEVELS // 2], chain[-1]
    term = word()
    product = await make_product(admin, name=f"Deep {term}", category_id=deepest["id"])
    try:
        await look_at(nobody, chain, product, term)

        cycle = await admin.catalog.put(f"/category/{root['id']}", json={"parent_id": deepest["id"]})
        assert_problem(cycle, 409, "category_cycle")

        # The lower half becomes a tree of its own, and returns.
        ok(await admin.catalog.put(f"/category/{middle['id']}", json={"parent_id": None}))
        assert (await read_category(nobody, deepest["id"]))["level"] == LEVELS // 2 - 1
        assert len(await flat(nobody, root_id=root["id"])) == LEVELS // 2
        assert ids(await walk(nobody.catalog, "/products", category_id=root["id"])) == []
        assert ids(await walk(nobody.catalog, "/products", category_id=middle["id"])) == [product["id"]]
        body = {"parent_id": chain[LEVELS // 2 - 1]["id"]}
        ok(await admin.catalog.put(f"/category/{middle['id']}", json=body))
        await look_at(nobody, chain, product, term)
    finally:
        await admin.catalog.delete(f"/product/{product['id']}")


async def look_at(nobody: ServiceClients, chain: list[Json], product: Json, term: str) -> None:
    root, deepest = chain[0], chain[-1]
    below = await flat(nobody, root_id=root["id"])
    assert ids(below) == ids(chain)
    assert_depth_first(below)
    assert [category["level"] for category in below] == list(range(LEVELS))
    assert {category["product_count"] for category in below} == {1}
    trees = await nested(nobody, root_id=root["id"])
    assert [node for node, _ in flatten(trees)] == ids(chain)
    found = await read_category(nobody, deepest["id"])
    assert ids(found["ancestors"]) == ids(chain[:-1])
    for params in ({"category_id": root["id"]}, {"category_id": root["id"], "q": term}):
        assert ids(await walk(nobody.catalog, "/products", **params)) == [product["id"]]
    listed = await walk(nobody.catalog, f"/products_with_category/{root['id']}")
    assert [item["category"]["level"] for item in listed] == [LEVELS - 1]
