import asyncio
import uuid

import pytest

from tests.integration.support.clients import Json, ServiceClients
from tests.integration.support.factories import follow, make_category, make_product
from tests.integration.support.names import unique, unknown_id
from tests.integration.support.pages import ids, walk
from tests.integration.support.problems import assert_problem, ok, refused_fields, tagged_version

PRODUCT_FIELDS = {
    "id", "sku", "name", "slug", "description", "price", "currency", "category_id", "attributes", "image_urls",
    "available", "in_stock", "is_active", "version", "created_at", "updated_at",
}  # fmt: skip


async def read(caller: ServiceClients, ref: str) -> Json:
    product: Json = ok(await caller.catalog.get(f"/products/{ref}"))
    return product


async def test_a_product_is_made_of_all_its_fields(admin: ServiceClients, nobody: ServiceClients) -> None:
    category = await make_category(admin)
    name, sku, slug = unique("Kettle "), unique("SKU-"), unique("kettle-")
    body = {
        "name": f" {name} ", "price": "19.90", "category_id": category["id"], "sku": sku, "slug": slug,
        "description": "Boils.", "attributes": {"colour": "red", "Größe": "1 l"}, "stock": 3,
        "image_urls": ["https://example.com/kettle.png", "/media/kettle.png"],
    }  # fmt: skip
    response = await admin.catalog.post("/product", json=body)
    made = ok(response, 201)
    assert set(made) >= PRODUCT_FIELDS
    expected = {**body, "name": name, "available": 3, "in_stock": True, "is_active": True, "version": 1}
    del expected["stock"]
    assert {key: made[key] for key in expected} == expected
    assert uuid.UUID(made["id"]).version == 7
    assert len(made["currency"]) == 3
    assert made["created_at"].endswith("Z")
    found = await follow(nobody.catalog, response)
    assert ok(found) == made
    assert tagged_version(found) == 1
    assert await read(nobody, slug) == made


async def test_a_product_of_name_and_price_alone(admin: ServiceClients) -> None:
    name = unique("Ünïque Tea ")
    made = await make_product(admin, name=name)
    assert made["slug"] == name.lower().replace("ü", "u").replace("ï", "i").replace(" ", "-")
    assert (made["category_id"], made["available"], made["in_stock"]) == (None, 0, False)
    assert (made["attributes"], made["image_urls"]) == ({}, [])


async def test_slugs_made_from_equal_names_differ(admin: ServiceClients, nobody: ServiceClients) -> None:
    name = unique("Same ")
    made = await asyncio.gather(*(make_product(admin, name=name) for _ in range(6)))
    assert len({product["slug"] for product in made}) == 6
    for product in made:
        assert await read(nobody, product["slug"]) == product


@pytest.mark.parametrize("field", ["sku", "slug"])
async def test_a_sku_and_a_slug_are_unique(admin: ServiceClients, field: str) -> None:
    value = unique("taken-")
    body = {"name": unique(), "price": "1.00", field: value}
    answers = await asyncio.gather(*(admin.catalog.post("/product", json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 4
    for answer in answers:
        if answer.is_error:
            assert field in assert_problem(answer, 409)["code"]
    other = await make_product(admin)
    assert_problem(await admin.catalog.put(f"/product/{other['id']}", json={field: value}), 409)


async def test_an_unknown_category_is_refused(admin: ServiceClients) -> None:
    body = {"name": unique(), "price": "1.00", "category_id": unknown_id()}
    assert_problem(await admin.catalog.post("/product", json=body), 404, "category_not_found")
    product = await make_product(admin)
    response = await admin.catalog.put(f"/product/{product['id']}", json={"category_id": unknown_id()})
    assert_problem(response, 404, "category_not_found")


async def test_an_unknown_product_is_404(admin: ServiceClients) -> None:
    unknown = unknown_id()
    for request in (
        admin.catalog.get(f"/products/{unknown}"),
        admin.catalog.put(f"/product/{unknown}", json={"name": "x"}),
        admin.catalog.delete(f"/product/{unknown}"),
        admin.catalog.get(f"/product/{unknown}/stock"),
        admin.catalog.post(f"/product/{unknown}/stock", json={"delta": 1, "reason": "delivery"}),
    ):
        assert_problem(await request, 404, "product_not_found")


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "New name"), ("price", "7.50"), ("description", "New."), ("attributes", {"a": "b"}),
     ("image_urls", ["/x.png"]), ("sku", None), ("slug", None), ("category_id", None)],
)  # fmt: skip
async def test_each_field_changes_alone(
    admin: ServiceClients, nobody: ServiceClients, field: str, value: object
) -> None:
    category = await make_category(admin)
    before = await make_product(admin, category_id=category["id"], sku=unique("s-"), description="Old.")
    if field in {"sku", "slug"}:
        value = unique("changed-")
    response = await admin.catalog.put(f"/product/{before['id']}", json={field: value})
    after = ok(response)
    assert tagged_version(response) == 2
    assert {**before, field: value, "version": 2, "updated_at": after["updated_at"]} == after
    assert await read(nobody, before["id"]) == after


async def test_stock_is_not_set_by_a_put(admin: ServiceClients) -> None:
    product = await make_product(admin, stock=5)
    for field in ("stock", "available", "version", "id"):
        response = await admin.catalog.put(f"/product/{product['id']}", json={field: 9})
        assert field in refused_fields(assert_problem(response, 422))


async def test_a_deleted_product_leaves_every_list_at_once(admin: ServiceClients, nobody: ServiceClients) -> None:
    category = await make_category(admin)
    product = await make_product(admin, category_id=category["id"], sku=unique("gone-"))
    assert (await admin.catalog.delete(f"/product/{product['id']}")).status_code == 204
    for ref in (product["id"], product["slug"]):
        assert_problem(await nobody.catalog.get(f"/products/{ref}"), 404, "product_not_found")
    assert_problem(await admin.catalog.delete(f"/product/{product['id']}"), 404, "product_not_found")
    assert await walk(nobody.catalog, "/products", category_id=category["id"]) == []
    assert await walk(nobody.catalog, "/products", q=product["sku"]) == []
    assert await walk(nobody.catalog, f"/products_with_category/{category['id']}") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "  "), ("name", "n" * 201), ("name", None), ("name", 7),
        ("description", "d" * 20_001), ("description", 7),
        ("attributes", {"a": 1}), ("attributes", {"a": {"b": "c"}}), ("attributes", {"a": None}), ("attributes", []),
        ("attributes", {f"a{n}": "x" for n in range(51)}),
        ("image_urls", ["javascript:alert(1)"]), ("image_urls", ["data:text/html,x"]), ("image_urls", ["ftp://a/b"]),
        ("image_urls", ["//elsewhere.example/x.png"]), ("image_urls", ["nonsense"]), ("image_urls", "/x.png"),
        ("image_urls", [7]), ("category_id", "no-uuid"), ("category_id", 7), ("slug", "has space"), ("slug", ""),
        ("slug", "a/b"), ("sku", ""), ("sku", 7), ("currency", "XXX"), ("unknown", 1),
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
async def test_what_a_product_cannot_be(admin: ServiceClients, field: str, value: object) -> None:
    body = {"name": unique(), "price": "1.00", field: value}
    problem = assert_problem(await admin.catalog.post("/product", json=body), 422)
    assert field in refused_fields(problem)
    product = await make_product(admin)
    problem = assert_problem(await admin.catalog.put(f"/product/{product['id']}", json={field: value}), 422)
    assert field in refused_fields(problem)


@pytest.mark.parametrize("stock", [-1, 10_000_001, 1.5, "many", True, 10**30])
async def test_stock_has_bounds(admin: ServiceClients, stock: object) -> None:
    body = {"name": unique(), "price": "1.00", "stock": stock}
    assert "stock" in refused_fields(assert_problem(await admin.catalog.post("/product", json=body), 422))


async def test_the_largest_product(admin: ServiceClients, nobody: ServiceClients) -> None:
    fields = {
        "name": "n" * 200,
        "description": "😀" * 20_000,
        "attributes": {f"attribute {n}": "v" for n in range(50)},
        "stock": 10_000_000,
    }
    made = await make_product(admin, **fields)
    assert (made["name"], made["description"]) == (fields["name"], fields["description"])
    assert (made["available"], len(made["attributes"])) == (10_000_000, 50)
    assert ids([await read(nobody, made["slug"])]) == [made["id"]]
