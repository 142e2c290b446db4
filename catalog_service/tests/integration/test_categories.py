import asyncio

import httpx
import pytest

from catalog_service.tests.integration.catalog import Catalog, code, ids, unique


async def test_a_category_is_read_with_its_family(catalog: Catalog, window: Catalog) -> None:
    root = await catalog.category()
    middle = await catalog.category(root)
    children = [await catalog.category(middle, name=name) for name in ("pears", "Äpfel", "figs")]
    for reference in (middle["id"], middle["slug"]):
        found = await window.get(f"/category/{reference}")
        assert ids(found["ancestors"]) == [root["id"]]
        assert [child["name"] for child in found["children"]] == ["Äpfel", "figs", "pears"]
    leaf = await window.get(f"/category/{children[0]['id']}")
    assert ids(leaf["ancestors"]) == ids([root, middle])
    assert leaf["level"] == 2


async def test_equal_names_at_once_make_distinct_slugs(catalog: Catalog) -> None:
    name = unique("Same")
    parents = [await catalog.category() for _ in range(8)]
    made = await asyncio.gather(*(catalog.category(parent, name=name) for parent in parents))
    assert len({category["slug"] for category in made}) == 8


async def test_a_new_child_is_no_304(catalog: Catalog, window: Catalog) -> None:
    root = await catalog.category()
    path = f"/category/{root['id']}"
    seen = (await window.call("GET", path)).headers["etag"]
    assert (await window.call("GET", path, headers={"If-None-Match": seen})).status_code == 304
    child = await catalog.category(root)
    again = await window.call("GET", path, headers={"If-None-Match": seen})
    assert again.status_code == 200
    assert ids(again.json()["children"]) == [child["id"]]
    renamed = await catalog.call("PUT", path, json={"name": unique()}, headers={"If-Match": again.headers["etag"]})
    assert (renamed.status_code, renamed.headers["etag"]) == (200, '"2"')


async def test_what_moves_with_its_parent_gets_a_version(catalog: Catalog) -> None:
    root, top = await catalog.category(), await catalog.category()
    child = await catalog.category(top)
    leaf = await catalog.category(child)
    moved = await catalog.send("PUT", f"/category/{top['id']}", {"parent_id": root["id"], "name": unique("moved")})
    assert (moved["level"], moved["version"]) == (1, 2)
    for category, level in ((child, 2), (leaf, 3)):
        found = await catalog.get(f"/category/{category['id']}")
        assert (found["level"], found["version"]) == (level, 2)
    sideways = await catalog.send("PUT", f"/category/{child['id']}", {"parent_id": root["id"]})
    assert (sideways["level"], sideways["version"]) == (1 + root["level"], 3)


async def test_what_is_as_asked_for_gets_no_version(catalog: Catalog) -> None:
    category = await catalog.category()
    path = f"/category/{category['id']}"
    assert await catalog.send("PUT", path, {}) == category
    assert await catalog.send("PUT", path, {"name": category["name"], "parent_id": None}) == category


async def test_moves_in_a_ring_leave_a_tree(catalog: Catalog) -> None:
    root = await catalog.category()
    ring = [await catalog.category(root) for _ in range(6)]
    answers = await asyncio.gather(
        *(
            catalog.call("PUT", f"/category/{category['id']}", json={"parent_id": ring[number - 1]["id"]})
            for number, category in enumerate(ring)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [409]
    below = (await catalog.get("/categories", root_id=root["id"]))["items"]
    levels = {category["id"]: category["level"] for category in below}
    assert len(levels) == 7
    assert all(category["level"] == levels[category["parent_id"]] + 1 for category in below[1:])


async def test_a_category_that_is_deleted_takes_no_product_with_it(catalog: Catalog) -> None:
    for _ in range(10):
        category = await catalog.category()
        body = {"name": unique(), "price": 1, "category_id": category["id"]}
        deleted, made = await asyncio.gather(
            catalog.call("DELETE", f"/category/{category['id']}"), catalog.call("POST", "/product", json=body)
        )
        assert (deleted.status_code, made.status_code) in {(204, 404), (409, 201)}


async def test_a_category_of_deleted_products_can_be_deleted(catalog: Catalog) -> None:
    category = await catalog.category()
    product = await catalog.product(category_id=category["id"])
    path = f"/category/{category['id']}"
    assert code(await catalog.call("DELETE", path)) == (409, "category_not_empty")
    await catalog.send("DELETE", f"/product/{product['id']}", status=204)
    await catalog.send("DELETE", path, status=204)
    assert code(await catalog.call("GET", path)) == (404, "category_not_found")


async def test_depth_counts_from_the_highest_shown(catalog: Catalog, window: Catalog) -> None:
    root = await catalog.category()
    child = await catalog.category(root)
    await catalog.category(child)
    for depth, shown in ((0, 1), (1, 2), (2, 3), (9, 3)):
        listed = await window.get("/categories", root_id=child["id"] if depth == 9 else root["id"], depth=depth)
        assert len(listed["items"]) == (2 if depth == 9 else shown)
    tree = await window.get("/categories", root_id=root["id"], view="tree", depth=1)
    assert ids(tree["items"][0]["children"]) == [child["id"]]
    assert tree["items"][0]["children"][0]["children"] == []


@pytest.mark.parametrize("reference", ["%00", "a%20b", "..", "x" * 3000, "0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e"])
async def test_what_nothing_is_called_is_not_found(http: httpx.AsyncClient, reference: str) -> None:
    assert code(await http.get(f"/api/v1/category/{reference}"))[0] == 404
    assert code(await http.get(f"/api/v1/products/{reference}"))[0] == 404
