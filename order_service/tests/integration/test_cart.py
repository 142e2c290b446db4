from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from libs.process.ids import new_id
from order_service.domain.gone import Gone
from order_service.domain.people import Person
from order_service.domain.products import Product
from order_service.services.replicas import learn_products, learn_users
from order_service.tests.integration.shop import Caller, Json, Shop, ok, refused
from order_service.tests.things import a_product

SOMETHING = "0199f39f-5c1d-7d0e-b7a2-3e9f4c5d6a7b"
EMPTY: Json = {"items": [], "total": "0.00", "currency": None, "version": 0}


async def put(caller: Caller, product: Product, quantity: int = 1) -> Json:
    body = {"product_id": str(product.id), "quantity": quantity}
    return ok(await caller.http.post("/cart/items", json=body), 201)


async def cart_of(caller: Caller) -> Json:
    return ok(await caller.http.get("/cart"))


def quantities(cart: Json) -> dict[str, int]:
    return {item["product_id"]: item["quantity"] for item in cart["items"]}


async def rows_of(shop: Shop, caller: Caller) -> int:
    async with shop.engine.connect() as connection:
        found = await connection.scalar(
            text("SELECT count(*) FROM carts WHERE user_id = :id"), {"id": caller.actor.user_id}
        )
    return int(found or 0)


async def test_a_cart_that_nobody_has_touched(shop: Shop, customer: Caller) -> None:
    response = await customer.http.get("/cart/")
    assert (ok(response), response.headers["ETag"]) == (EMPTY, '"0"')
    assert await rows_of(shop, customer) == 0


async def test_a_cart_is_filled_and_shown(shop: Shop, customer: Caller) -> None:
    lamp, bulb = await shop.product("Lamp", "19.99"), await shop.product("Bulb", "0.10")
    await put(customer, lamp)
    await put(customer, bulb, 7)
    response = await customer.http.post("/cart/items", json={"product_id": str(lamp.id)})
    cart = ok(response, 201)
    assert cart == {
        "items": [
            {
                "product_id": str(lamp.id),
                "name": "Lamp",
                "unit_price": "19.99",
                "quantity": 2,
                "line_total": "39.98",
                "is_available": True,
            },
            {
                "product_id": str(bulb.id),
                "name": "Bulb",
                "unit_price": "0.10",
                "quantity": 7,
                "line_total": "0.70",
                "is_available": True,
            },
        ],
        "total": "40.68",
        "currency": "EUR",
        "version": 3,
    }
    assert response.headers["Location"] == "/api/v1/cart"
    read = await customer.http.get("/cart")
    assert (ok(read), read.headers["ETag"]) == (cart, response.headers["ETag"])
    assert await cart_of(shop.caller()) == EMPTY


async def test_lines_are_changed_and_taken_out(shop: Shop, customer: Caller) -> None:
    lamp, bulb, rug = [await shop.product(name) for name in ("Lamp", "Bulb", "Rug")]
    for product in (lamp, bulb, rug):
        await put(customer, product)
    response = await customer.http.patch(f"/cart/items/{bulb.id}", json={"quantity": 5})
    assert quantities(ok(response)) == {str(lamp.id): 1, str(bulb.id): 5, str(rug.id): 1}
    assert (ok(response)["version"], response.headers["ETag"].split("-")[0]) == (4, '"4')

    removed = await customer.http.delete(f"/cart/items/{lamp.id}")
    assert (removed.status_code, removed.content) == (204, b"")
    await put(customer, lamp)
    cart = await cart_of(customer)
    assert list(quantities(cart)) == [str(bulb.id), str(rug.id), str(lamp.id)]
    assert cart["version"] == 6

    emptied = await customer.http.delete("/cart")
    assert (emptied.status_code, emptied.content) == (204, b"")
    assert await cart_of(customer) == EMPTY | {"version": 7}
    await put(customer, rug)
    assert (await cart_of(customer))["version"] == 8


async def test_what_changes_nothing_makes_no_version(shop: Shop, customer: Caller) -> None:
    assert (await customer.http.delete("/cart")).status_code == 204
    assert await cart_of(customer) == EMPTY
    lamp = await shop.product()
    before = await put(customer, lamp, 3)
    assert ok(await customer.http.patch(f"/cart/items/{lamp.id}", json={"quantity": 3})) == before
    assert await cart_of(customer) == before


async def test_a_line_that_is_not_there(shop: Shop, customer: Caller) -> None:
    lamp = await shop.product()
    await put(shop.caller(), lamp)
    path = f"/cart/items/{lamp.id}"
    refused(await customer.http.patch(path, json={"quantity": 1}), 404, "cart_line_not_found")
    refused(await customer.http.delete(path), 404, "cart_line_not_found")
    assert await rows_of(shop, customer) == 0


async def test_changes_are_conditional(shop: Shop, customer: Caller) -> None:
    lamp = await shop.product()
    path = f"/cart/items/{lamp.id}"
    before = await put(customer, lamp)
    for stale in ('"0"', '"2"', 'W/"1"', "nonsense"):
        headers = {"If-Match": stale}
        refused(await customer.http.patch(path, json={"quantity": 2}, headers=headers), 412, "version_conflict")
        refused(await customer.http.delete(path, headers=headers), 412, "version_conflict")
        refused(await customer.http.delete("/cart", headers=headers), 412, "version_conflict")
    assert await cart_of(customer) == before

    seen = (await customer.http.get("/cart")).headers["ETag"]
    changed = await customer.http.patch(path, json={"quantity": 2}, headers={"If-Match": seen})
    assert ok(changed)["version"] == 2
    again = await customer.http.patch(path, json={"quantity": 3}, headers={"If-Match": seen})
    refused(again, 412, "version_conflict")
    assert (await customer.http.delete(path, headers={"If-Match": '"1", "2"'})).status_code == 204
    assert (await customer.http.delete("/cart", headers={"If-Match": "*"})).status_code == 204


async def test_a_tag_covers_names_prices_and_what_is_on_sale(shop: Shop, customer: Caller) -> None:
    lamp = await shop.product("Lamp", "19.99")
    await put(customer, lamp)
    news: list[tuple[dict[str, Any], tuple[object, ...]]] = [
        ({"name": "New lamp"}, ("New lamp", "19.99", True, "19.99")),
        ({"amount": "5.00"}, ("Lamp", "5.00", True, "5.00")),
        ({"is_active": False}, ("Lamp", "19.99", False, "0.00")),
    ]
    for version, (change, shown) in enumerate(news, start=2):
        tag = {"If-None-Match": (await customer.http.get("/cart")).headers["ETag"]}
        assert (await customer.http.get("/cart", headers=tag)).status_code == 304
        changed = a_product(**{"name": "Lamp", **change}, product_id=lamp.id, version=version)
        await learn_products(shop.products, changed)
        cart = ok(await customer.http.get("/cart", headers=tag))
        (item,) = cart["items"]
        assert (item["name"], item["unit_price"], item["is_available"], cart["total"]) == shown
        assert cart["version"] == 1


async def test_what_leaves_the_catalog_stays_visible(shop: Shop, customer: Caller) -> None:
    lamp, bulb = await shop.product("Lamp", "19.99"), await shop.product("Bulb", "0.10")
    await put(customer, lamp, 2)
    await put(customer, bulb, 3)
    await learn_products(shop.products, Gone(lamp.id, 2))
    cart = await cart_of(customer)
    assert cart["items"][0] == {
        "product_id": str(lamp.id),
        "name": "Lamp",
        "unit_price": None,
        "quantity": 2,
        "line_total": None,
        "is_available": False,
    }
    assert (cart["total"], cart["currency"]) == ("0.30", "EUR")

    problem = refused(await customer.http.post("/order", json={}), 409, "product_unavailable")
    assert "Lamp" in problem["detail"]
    assert "Bulb" not in problem["detail"]
    assert await cart_of(customer) == cart
    body = {"product_id": str(lamp.id)}
    refused(await customer.http.post("/cart/items", json=body), 404, "product_not_found")

    assert (await customer.http.delete(f"/cart/items/{lamp.id}")).status_code == 204
    assert ok(await customer.http.post("/order", json={}), 201)["total"] == "0.30"


async def test_products_that_cannot_be_put_in(shop: Shop, customer: Caller) -> None:
    resting, dollars = a_product(is_active=False), a_product(currency="USD")
    for product in (resting, dollars):
        await learn_products(shop.products, product)
    before = await put(customer, await shop.product())
    for product_id, status, code in (
        (new_id(), 404, "product_not_found"),
        (resting.id, 409, "product_unavailable"),
        (dollars.id, 409, "currency_mismatch"),
    ):
        refused(await customer.http.post("/cart/items", json={"product_id": str(product_id)}), status, code)
    assert await cart_of(customer) == before


async def test_a_product_the_replica_lacks_is_asked_of_the_catalog_once(shop: Shop, customer: Caller) -> None:
    lamp = a_product("Lamp")
    shop.neighbours.products[lamp.id] = lamp
    await put(customer, lamp)
    assert (await put(customer, lamp))["items"][0]["name"] == "Lamp"
    assert shop.neighbours.asked[lamp.id] == 1


async def test_while_the_catalog_is_away_what_is_known_can_be_put_in(
    shop: Shop, customer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop.neighbours, "catalog_is_away", True)
    refused(await customer.http.post("/cart/items", json={"product_id": str(new_id())}), 503, "catalog_unavailable")
    await put(customer, await shop.product())


async def test_the_largest_cart(shop: Shop, customer: Caller) -> None:
    products = [await shop.product("Yacht", "9999999.99") for _ in range(100)]
    for product in products:
        cart = await put(customer, product, 999)
    assert Decimal(cart["total"]) == Decimal("9999999.99") * 99900
    assert list(quantities(cart)) == [str(product.id) for product in products]
    more = {"product_id": str((await shop.product()).id)}
    refused(await customer.http.post("/cart/items", json=more), 409, "cart_full")
    again = {"product_id": str(products[0].id)}
    refused(await customer.http.post("/cart/items", json=again), 409, "cart_line_full")
    assert await cart_of(customer) == cart
    # All others move up.
    assert (await customer.http.delete(f"/cart/items/{products[0].id}")).status_code == 204
    cart = ok(await customer.http.post("/cart/items", json=more), 201)
    assert list(quantities(cart)) == [*(str(product.id) for product in products[1:]), more["product_id"]]

    order = ok(await customer.http.post("/order", json={}), 201)
    assert len(order["items"]) == 100
    assert await cart_of(customer) == EMPTY | {"version": cart["version"] + 1}


@pytest.mark.parametrize("quantity", [0, -1, 1000, 10**30, 1.5, "2", True, None, []])
async def test_what_is_no_quantity(shop: Shop, customer: Caller, quantity: object) -> None:
    lamp = await shop.product()
    path = f"/cart/items/{lamp.id}"
    await put(customer, lamp, 5)
    for response in (
        await customer.http.post("/cart/items", json={"product_id": str(lamp.id), "quantity": quantity}),
        await customer.http.patch(path, json={"quantity": quantity}),
    ):
        problem = refused(response, 422, "validation_error")
        assert [error["field"] for error in problem["errors"]] == ["quantity"]
    assert quantities(await cart_of(customer)) == {str(lamp.id): 5}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/cart/items", {}),
        ("POST", "/cart/items", {"product_id": "x"}),
        ("POST", "/cart/items", {"product_id": "\x00"}),
        ("POST", "/cart/items", {"product_id": None}),
        ("POST", "/cart/items", {"product_id": SOMETHING, "unit_price": "0.01"}),
        ("POST", "/cart/items", []),
        ("PATCH", f"/cart/items/{SOMETHING}", {}),
        ("PATCH", f"/cart/items/{SOMETHING}", {"quantity": 1, "name": "x"}),
        ("PATCH", "/cart/items/x", {"quantity": 1}),
        ("DELETE", "/cart/items/%00", None),
    ],
)
async def test_what_is_no_request(customer: Caller, method: str, path: str, body: object) -> None:
    refused(await customer.http.request(method, path, json=body), 422, "validation_error")


async def test_without_a_token_there_is_no_cart(shop: Shop) -> None:
    async with shop.client({}) as nobody:
        for method, path in (("GET", "/cart"), ("POST", "/cart/items"), ("DELETE", "/cart")):
            refused(await nobody.request(method, path), 401, "not_authenticated")


async def test_the_cart_is_ordered_and_emptied(shop: Shop, customer: Caller) -> None:
    lamp, bulb = await shop.product("Lamp", "19.99"), await shop.product("Bulb", "0.10")
    await put(customer, lamp, 3)
    await put(customer, bulb, 7)
    await learn_products(shop.products, a_product("Dear lamp", "20.00", product_id=lamp.id, version=2))
    response = await customer.http.post("/order", json={"comment": "Ring twice."})
    order = ok(response, 201)
    assert [(item["name"], item["unit_price"], item["quantity"]) for item in order["items"]] == [
        ("Dear lamp", "20.00", 3),
        ("Bulb", "0.10", 7),
    ]
    assert (order["total"], order["comment"], order["status"]) == ("60.70", "Ring twice.", "pending")
    assert response.headers["Location"] == f"/api/v1/order/{order['id']}"
    assert await customer.read(order) == order
    assert [(version, kind) for version, kind, _ in await shop.announced(order["id"])] == [(1, "order.placed")]

    assert await cart_of(customer) == EMPTY | {"version": 3}
    refused(await customer.http.post("/order", json={}), 409, "cart_empty")
    refused(await shop.caller().http.post("/order", json={}), 409, "cart_empty")
    assert ok(await customer.http.get("/orders"))["items"] == [order]


async def test_an_order_of_items_leaves_the_cart_alone(shop: Shop, customer: Caller) -> None:
    cart = await put(customer, await shop.product())
    await customer.place(await shop.product())
    assert await cart_of(customer) == cart


async def test_of_a_person_who_is_gone_no_cart_is_kept(shop: Shop, customer: Caller) -> None:
    await put(customer, await shop.product(), 2)
    user_id = customer.actor.user_id
    await learn_users(shop.uow, Person(user_id, "ada", "ada@example.com", "user", is_active=True, version=1))
    assert await rows_of(shop, customer) == 1
    for _ in range(2):
        await learn_users(shop.uow, Gone(user_id, 2))
    assert await rows_of(shop, customer) == 0
    refused(await customer.http.get("/cart"), 401, "user_inactive")
