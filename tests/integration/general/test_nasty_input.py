"""Nothing that a client can send is an accident of ours: no 5xx, and each refusal is well-formed."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.integration.support.clients import Account, ClientFactory, Json, ServiceClients
from tests.integration.support.endpoints import ENDPOINTS, Endpoint
from tests.integration.support.factories import line, make_category, make_product, make_webhook, place
from tests.integration.support.invalid_inputs import BODIES, QUERIES, VALUES
from tests.integration.support.names import unique, word
from tests.integration.support.problems import assert_answered
from tests.integration.support.users import PASSWORD, register_and_log_in, user_payload

JSON = {"Content-Type": "application/json"}


def with_value(body: Json, field: str, value: str) -> bytes:
    """The body with one field replaced by raw JSON text."""
    return json.dumps({**body, field: "@"}).replace('"@"', value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
async def targets(
    admin: ServiceClients, customer: Account, switchboard: ClientFactory
) -> AsyncIterator[dict[str, str]]:
    """Real things, so that what is sent reaches the database and not only the first check."""
    category, product = await make_category(admin), await make_product(admin, stock=1000)
    webhook = f"/webhook/{(await make_webhook(admin))['id']}"
    yield {
        "category": f"/category/{category['id']}",
        "product": f"/product/{product['id']}",
        "stock": f"/product/{product['id']}/stock",
        "order": f"/update_order/{(await place(customer.call, line(product)))['id']}",
        "cart line": f"/cart/items/{product['id']}",
        "product_id": product["id"],
        "category_id": category["id"],
        "user": f"/users/{(await register_and_log_in(switchboard)).id}",
        "webhook": webhook,
    }
    # There may only be some.
    await admin.order.delete(webhook)


FIELDS: list[tuple[str, str, str, list[str], Json]] = [
    ("auth", "POST", "/auth/register", ["email", "username", "password"], {}),
    ("auth", "POST", "/auth/refresh", ["refresh_token"], {}),
    ("auth", "POST", "/auth/logout", ["refresh_token"], {}),
    ("auth", "POST", "/auth/verify", ["token"], {}),
    ("auth", "PATCH", "user", ["role", "is_active"], {}),
    ("catalog", "POST", "/category", ["name", "parent_id", "slug"], {}),
    ("catalog", "PUT", "category", ["name", "parent_id", "slug"], {}),
    (
        "catalog", "POST", "/product",
        ["name", "price", "category_id", "sku", "slug", "description", "attributes", "image_urls", "stock"],
        {"price": "1.00"},
    ),
    (
        "catalog", "PUT", "product",
        ["name", "price", "category_id", "sku", "slug", "description", "attributes", "image_urls"],
        {},
    ),
    ("catalog", "POST", "stock", ["delta", "reason"], {"delta": 1, "reason": "r"}),
    ("order", "POST", "/cart/items", ["product_id", "quantity"], {}),
    ("order", "PATCH", "cart line", ["quantity"], {}),
    ("order", "POST", "/order", ["items", "delivery_address", "comment"], {}),
    ("order", "PUT", "order", ["delivery_address", "comment", "status"], {}),
    ("order", "PUT", "webhook", ["url", "types", "description", "is_active"], {}),
]  # fmt: skip


@pytest.mark.parametrize(("service", "method", "path", "fields", "rest"), FIELDS, ids=lambda part: str(part)[:20])
async def test_nasty_values_of_every_field(
    admin: ServiceClients, customer: Account, targets: dict[str, str], service: str, method: str, path: str,
    fields: list[str], rest: Json,
) -> None:  # fmt: skip
    client = customer.call.order if service == "order" and path != "webhook" else admin.to(service)
    for field in fields:
        for name, value in VALUES.items():
            base = {**rest}
            if path in {"/category", "/product"}:
                base["name"] = unique("Nasty ")
            if path == "/category":
                base["parent_id"] = targets["category_id"]
            if path == "/auth/register":
                base = {**user_payload(), "password": "short"} if field != "password" else user_payload()
            if path == "/cart/items":
                base["product_id"] = targets["product_id"]
            if path == "/order":
                base["items"] = [{"product_id": targets["product_id"], "quantity": 1}]
            response = await client.request(
                method, targets.get(path, path), content=with_value(base, field, value), headers=JSON
            )
            try:
                assert_answered(response)
            except AssertionError as error:
                raise AssertionError(f"{field} = {name}: {error}") from error


@pytest.mark.parametrize("value", VALUES)
async def test_nasty_lines_of_an_order(customer: Account, targets: dict[str, str], value: str) -> None:
    good = {"product_id": targets["product_id"], "quantity": 1}
    for field in good:
        text = b'{"items": [' + with_value(good, field, VALUES[value]) + b"]}"
        assert_answered(await customer.call.order.post("/order", content=text, headers=JSON))


@pytest.mark.parametrize("value", ["NUL", "lone high surrogate", "huge integer", "deep list", "empty text"])
@pytest.mark.parametrize("field", ["login", "password"])
async def test_nasty_logins(elsewhere: ServiceClients, field: str, value: str) -> None:
    text = with_value({"login": unique("nobody"), "password": PASSWORD}, field, VALUES[value])
    assert_answered(await elsewhere.auth.post("/auth/login", content=text, headers=JSON))


@pytest.mark.parametrize(
    "text", [b"username=%00&password=%00", b"username=%ff&password=%fe", b"&&==%%%", b"\xff\x00", b""]
)
@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", "text/plain"],
)
async def test_nasty_forms(elsewhere: ServiceClients, text: bytes, kind: str) -> None:
    assert_answered(await elsewhere.auth.post("/auth/token", content=text, headers={"Content-Type": kind}))


@pytest.mark.parametrize("field", ["username", "email", "password", "current_password"])
async def test_nasty_changes_of_oneself(elsewhere: ServiceClients, stranger: Account, field: str) -> None:
    headers = {**JSON, "Authorization": f"Bearer {stranger.access_token}"}
    for value in VALUES.values():
        base: dict[str, Any] = {} if field in {"current_password", "username"} else {"current_password": "wrong"}
        if field == "current_password":
            base["email"] = f"{unique()}@example.com"
        response = await elsewhere.auth.put("/users/me", content=with_value(base, field, value), headers=headers)
        assert_answered(response)


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.method in {"POST", "PUT", "PATCH"}], ids=str)
async def test_nasty_bodies(admin: ServiceClients, endpoint: Endpoint) -> None:
    for body in BODIES.values():
        assert_answered(await endpoint.call(admin, content=body, headers=JSON))


PARAMETERS = [
    ("auth", "/users/", ["q", "role", "is_active", "limit", "cursor", "with_total"]),
    ("catalog", "/categories", ["root_id", "view", "depth"]),
    (
        "catalog", "/products",
        ["q", "category_id", "min_price", "max_price", "in_stock", "attr.colour", "sort", "limit", "cursor",
         "with_total"],
    ),
    ("order", "/webhooks", ["limit", "cursor", "with_total"]),
    ("order", "/orders", ["status", "created_from", "created_to", "user_id", "limit", "cursor", "with_total"]),
]  # fmt: skip


@pytest.mark.parametrize(("service", "path", "names"), PARAMETERS)
async def test_nasty_query_parameters(admin: ServiceClients, service: str, path: str, names: list[str]) -> None:
    for name in names:
        for value in QUERIES:
            text = quote(value, errors="surrogatepass")
            extra = "&view=tree" if name == "depth" else "&limit=1" if name not in {"limit", "root_id", "view"} else ""
            response = await admin.to(service).get(f"{path}?{name}={text}{extra}")
            try:
                assert_answered(response)
            except AssertionError as error:
                raise AssertionError(f"{name} = {value!r}: {error}") from error
        assert_answered(await admin.to(service).get(f"{path}?{name}=%ff%fe"))
        assert_answered(await admin.to(service).get(f"{path}?{name}=1&{name}=2"))


@pytest.mark.parametrize(
    "name", ["attr.", "attr", "attr.a.b", "attr.%00", "attr.%ff", "attr.'", "attr.[]", "attr." + "x" * 3000]
)
async def test_nasty_names_of_attributes(nobody: ServiceClients, name: str) -> None:
    assert_answered(await nobody.catalog.get(f"/products?{name}=x&limit=1"))


@pytest.mark.parametrize("text", ["%00", "%ff", "%ed%a0%80", "a%00b"])
@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if "{id}" in e.path], ids=str)
async def test_nasty_ids(admin: ServiceClients, endpoint: Endpoint, text: str) -> None:
    response: httpx.Response = await admin.to(endpoint.service).request(
        endpoint.method, endpoint.path.replace("{id}", text), json=endpoint.body
    )
    assert_answered(response)


async def test_what_is_strange_but_legal_is_kept_as_it_is(admin: ServiceClients, nobody: ServiceClients) -> None:
    strange = f"😀 {word()} \u202eabc Ω≈ç√ \u0301e <script>alert(1)</script> '; DROP TABLE product; -- %s {{0}}"
    product = await make_product(admin, name=strange, description=strange, attributes={strange[:40]: strange})
    response = await nobody.catalog.get(f"/products/{product['id']}")
    found = response.json()
    assert (found["name"], found["description"]) == (strange, strange)
    assert found["attributes"] == {strange[:40]: strange}
