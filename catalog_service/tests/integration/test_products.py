import asyncio
import json
from decimal import Decimal

import asyncpg
import httpx
import pytest

from catalog_service.tests.integration.catalog import Catalog, Json, code, unique
from catalog_service.tests.integration.people import Issuer
from libs.contracts.catalog import ProductCreated, ProductDeleted, ProductUpdated


async def events(database: asyncpg.Pool, product: Json) -> list[tuple[str, str]]:
    rows = await database.fetch(
        "SELECT type, payload FROM outbox WHERE aggregate_id = $1::uuid ORDER BY version", product["id"]
    )
    return [tuple(row) for row in rows]


async def test_every_version_is_told_of(catalog: Catalog, database: asyncpg.Pool) -> None:
    product = await catalog.product(name="Kettle", price="19.9", sku=unique("sku"), image_urls=["/a.png", "/b.png"])
    path = f"/product/{product['id']}"
    await catalog.send("PUT", path, {"price": "17.50", "is_active": False})
    await catalog.send("PUT", path, {"price": 17.5})
    await catalog.send("DELETE", path, status=204)
    told = await events(database, product)
    assert [kind for kind, _ in told] == ["product.created", "product.updated", "product.deleted"]
    created = ProductCreated.model_validate_json(told[0][1])
    assert (created.price, created.image_url, created.version) == (Decimal("19.90"), "/a.png", 1)
    updated = ProductUpdated.model_validate_json(told[1][1])
    assert (updated.price, updated.is_active, updated.version) == (Decimal("17.50"), False, 2)
    assert ProductDeleted.model_validate_json(told[2][1]).version == 3


async def test_a_refused_product_is_not_told_of(catalog: Catalog, database: asyncpg.Pool) -> None:
    product = await catalog.product(sku=unique("sku"))
    before = await database.fetchval("SELECT count(*) FROM outbox")
    body = {"name": unique(), "price": 1, "sku": product["sku"]}
    assert code(await catalog.call("POST", "/product", json=body)) == (409, "sku_taken")
    body = {"name": unique(), "price": 1, "slug": product["slug"]}
    assert code(await catalog.call("POST", "/product", json=body)) == (409, "slug_taken")
    assert await database.fetchval("SELECT count(*) FROM outbox") == before


async def test_the_deleted_leave_their_slug_and_sku(catalog: Catalog, window: Catalog) -> None:
    product = await catalog.product(sku=unique("sku"), slug=unique("slug").replace(" ", "-"))
    await catalog.send("DELETE", f"/product/{product['id']}", status=204)
    assert code(await window.call("GET", f"/products/{product['slug']}")) == (404, "product_not_found")
    assert code(await catalog.call("DELETE", f"/product/{product['id']}")) == (404, "product_not_found")
    again = await catalog.product(sku=product["sku"], slug=product["slug"])
    assert again["id"] != product["id"]


async def test_a_change_of_stock_is_no_304(catalog: Catalog, window: Catalog) -> None:
    product = await catalog.product(stock=3)
    path = f"/products/{product['id']}"
    seen = (await window.call("GET", path)).headers["etag"]
    assert (await window.call("GET", path, headers={"If-None-Match": seen})).status_code == 304
    await catalog.send("POST", f"/product/{product['id']}/stock", {"delta": 1, "reason": "delivery"})
    answer = await window.call("GET", path, headers={"If-None-Match": seen})
    assert (answer.status_code, answer.json()["available"]) == (200, 4)
    for tag in (answer.headers["etag"], '"1"'):
        body = {"name": unique()}
        changed = await catalog.call("PUT", f"/product/{product['id']}", json=body, headers={"If-Match": tag})
        assert changed.status_code == (200 if tag != '"1"' else 412), changed.text


async def test_what_is_not_active_is_shown_to_admins_alone(
    catalog: Catalog, window: Catalog, http: httpx.AsyncClient, issuer: Issuer
) -> None:
    category = await catalog.category()
    product = await catalog.product(category_id=category["id"])
    await catalog.send("PUT", f"/product/{product['id']}", {"is_active": False})
    path = f"/products/{product['id']}"
    assert code(await window.call("GET", path)) == (404, "product_not_found")
    assert (await catalog.get(path))["is_active"] is False
    assert code(await Catalog(http, issuer.token("user")).call("GET", path)) == (404, "product_not_found")
    assert code(await Catalog(http, "nonsense").call("GET", path)) == (401, "invalid_token")
    assert await window.walk("/products", category_id=category["id"]) == []
    hidden = {"category_id": category["id"], "is_active": False}
    assert len(await catalog.walk("/products", **hidden)) == 1
    assert code(await window.call("GET", "/products", params=hidden)) == (401, "not_authenticated")
    listed = await window.get("/categories", root_id=category["id"])
    assert listed["items"][0]["product_count"] == 0


async def test_of_changes_at_once_with_one_version_one_wins(catalog: Catalog) -> None:
    product = await catalog.product()
    answers = await asyncio.gather(
        *(
            catalog.call("PUT", f"/product/{product['id']}", json={"price": price}, headers={"If-Match": '"1"'})
            for price in range(20, 26)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a\x00b"),
        ("name", "\ud800"),
        ("description", "\x00"),
        ("attributes", {"a\x00": "b"}),
        ("attributes", {"a": "\x00"}),
        ("attributes", {"\udfff": "b"}),
        ("attributes", {"": "b"}),
        ("attributes", {"a": "b" * 1001}),
        ("image_urls", ["/\\elsewhere.example"]),
        ("image_urls", ["http://"]),
        ("image_urls", ["http://[::1"]),
        ("image_urls", ["/a b"]),
        ("slug", "0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e"),
        ("price", "NaN"),
        ("price", 1e400),
        ("price", 10**40),
        ("stock", 2**70),
        ("stock", True),
        ("is_active", None),
        ("name", None),
        ("price", None),
    ],
    ids=lambda value: ascii(value)[:30],
)
async def test_what_cannot_be_stored_is_refused(catalog: Catalog, field: str, value: object) -> None:
    body = {"name": unique(), "price": "1.00", field: value}
    answer = await catalog.call(
        "POST", "/product", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert code(answer) == (422, "validation_error")
    assert any(error["field"].startswith(field) for error in answer.json()["errors"])


async def test_any_name_makes_a_slug(catalog: Catalog, window: Catalog) -> None:
    for name in ("!!!", "日本語", "0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e", "a" * 200, "😀"):
        for _ in range(2):
            product = await catalog.product(name=name)
            assert (await window.get(f"/products/{product['slug']}"))["id"] == product["id"]
