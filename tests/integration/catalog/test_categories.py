import asyncio
import uuid

import pytest

from tests.integration.support.clients import ServiceClients
from tests.integration.support.factories import follow, make_category, make_product
from tests.integration.support.names import unique, unknown_id
from tests.integration.support.pages import ids
from tests.integration.support.problems import assert_problem, ok, refused_fields, tagged_version
from tests.integration.support.trees import read_category


async def test_a_category_is_made(admin: ServiceClients, nobody: ServiceClients) -> None:
    name = unique("Garden tools ")
    response = await admin.catalog.post("/category", json={"name": f"  {name} "})
    made = ok(response, 201)
    assert (made["name"], made["parent_id"], made["level"], made["version"]) == (name, None, 0, 1)
    assert uuid.UUID(made["id"]).version == 7
    assert made["slug"] == name.lower().replace(" ", "-")
    found = await follow(nobody.catalog, response)
    assert ok(found)["id"] == made["id"]
    assert tagged_version(found) == 1


async def test_a_category_is_found_by_id_and_slug(admin: ServiceClients, nobody: ServiceClients) -> None:
    root = await make_category(admin)
    middle = await make_category(admin, root)
    leaves = [await make_category(admin, middle) for _ in range(2)]
    for ref in (middle["id"], middle["slug"]):
        found = await read_category(nobody, ref)
        assert ids(found["ancestors"]) == [root["id"]]
        assert sorted(ids(found["children"])) == sorted(ids(leaves))
    deepest = await read_category(nobody, leaves[0]["id"])
    assert ids(deepest["ancestors"]) == ids([root, middle])
    assert (deepest["level"], deepest["children"]) == (2, [])


async def test_what_is_unknown_is_not_found(admin: ServiceClients) -> None:
    unknown = unknown_id()
    for request in (
        admin.catalog.get(f"/category/{unknown}"),
        admin.catalog.put(f"/category/{unknown}", json={"name": "x"}),
        admin.catalog.delete(f"/category/{unknown}"),
        admin.catalog.post("/category", json={"name": unique(), "parent_id": unknown}),
        admin.catalog.get("/categories", params={"root_id": unknown}),
        admin.catalog.get(f"/products_with_category/{unknown}"),
    ):
        assert_problem(await request, 404, "category_not_found")
    made = await make_category(admin)
    response = await admin.catalog.put(f"/category/{made['id']}", json={"parent_id": unknown})
    assert_problem(response, 404, "category_not_found")


async def test_a_name_is_taken_only_among_siblings(admin: ServiceClients) -> None:
    parent, other = await make_category(admin), await make_category(admin)
    child = await make_category(admin, parent)
    again = {"name": f" {child['name']} ", "parent_id": parent["id"]}
    assert_problem(await admin.catalog.post("/category", json=again), 409, "category_name_taken")
    root_again = {"name": parent["name"]}
    assert_problem(await admin.catalog.post("/category", json=root_again), 409, "category_name_taken")
    cousin = await make_category(admin, other, name=child["name"])
    assert cousin["slug"] != child["slug"]
    move = {"parent_id": parent["id"]}
    moved = await admin.catalog.put(f"/category/{cousin['id']}", json=move)
    assert_problem(moved, 409, "category_name_taken")
    sibling = await make_category(admin, parent)
    renamed = await admin.catalog.put(f"/category/{sibling['id']}", json={"name": child["name"]})
    assert_problem(renamed, 409, "category_name_taken")


@pytest.mark.parametrize("as_root", [True, False])
async def test_of_equal_categories_made_at_once_one_stays(admin: ServiceClients, as_root: bool) -> None:
    parent_id = None if as_root else (await make_category(admin))["id"]
    body = {"name": unique("Twin "), "parent_id": parent_id}
    answers = await asyncio.gather(*(admin.catalog.post("/category", json=body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    for answer in answers:
        if answer.status_code == 409:
            assert_problem(answer, 409, "category_name_taken")


async def test_a_slug_is_unique(admin: ServiceClients) -> None:
    slug = unique("slug-")
    first = await make_category(admin, slug=slug)
    assert first["slug"] == slug
    assert_problem(await admin.catalog.post("/category", json={"name": unique(), "slug": slug}), 409)
    other = await make_category(admin)
    assert_problem(await admin.catalog.put(f"/category/{other['id']}", json={"slug": slug}), 409)


@pytest.mark.parametrize("name", ["日本語", "!!!", "😀", "Ünïcode & Co.", "a" * 200])
async def test_any_name_gets_a_slug(admin: ServiceClients, nobody: ServiceClients, name: str) -> None:
    parent = await make_category(admin)
    made = await make_category(admin, parent, name=name)
    assert made["name"] == name
    assert made["slug"]
    assert (await read_category(nobody, made["slug"]))["id"] == made["id"]


@pytest.mark.parametrize("name", ["", "   ", "a" * 201, None, 7, ["x"]])
async def test_a_name_has_bounds(admin: ServiceClients, name: object) -> None:
    problem = assert_problem(await admin.catalog.post("/category", json={"name": name}), 422)
    assert "name" in refused_fields(problem)
    made = await make_category(admin)
    problem = assert_problem(await admin.catalog.put(f"/category/{made['id']}", json={"name": name}), 422)
    assert "name" in refused_fields(problem)


@pytest.mark.parametrize("slug", ["", "has space", "UPPER/slash", "a?b", "a" * 5000, "../up", 7])
async def test_a_slug_fits_into_an_address(admin: ServiceClients, slug: object) -> None:
    problem = assert_problem(await admin.catalog.post("/category", json={"name": unique(), "slug": slug}), 422)
    assert "slug" in refused_fields(problem)


async def test_only_an_empty_category_is_deleted(admin: ServiceClients, nobody: ServiceClients) -> None:
    parent = await make_category(admin)
    child = await make_category(admin, parent)
    product = await make_product(admin, category_id=child["id"])
    for category in (parent, child):
        response = await admin.catalog.delete(f"/category/{category['id']}")
        assert_problem(response, 409, "category_not_empty")
    assert (await admin.catalog.delete(f"/product/{product['id']}")).status_code == 204
    for category in (child, parent):
        assert (await admin.catalog.delete(f"/category/{category['id']}")).status_code == 204
        assert_problem(await nobody.catalog.get(f"/category/{category['id']}"), 404, "category_not_found")


async def test_no_product_slips_into_a_category_that_is_being_deleted(
    admin: ServiceClients, nobody: ServiceClients
) -> None:
    for _ in range(5):
        category = await make_category(admin)
        body = {"name": unique("Late "), "price": "1.00", "category_id": category["id"]}
        deleted, made = await asyncio.gather(
            admin.catalog.delete(f"/category/{category['id']}"), admin.catalog.post("/product", json=body)
        )
        assert (deleted.status_code, made.status_code) in {(204, 404), (409, 201)}, (deleted.text, made.text)
        if made.status_code == 201:
            await read_category(nobody, category["id"])
