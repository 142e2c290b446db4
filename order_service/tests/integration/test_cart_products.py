"""What the catalog says of what is in a cart, or shall come into it."""

from typing import Any

import pytest

from libs.process.ids import new_id
from order_service.domain.tombstone import Tombstone
from order_service.services.replicas import apply_product_events
from order_service.tests.integration.carts import cart_of, put
from order_service.tests.integration.shop import Caller, Shop, ok, refused
from order_service.tests.things import a_product


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
        await apply_product_events(shop.products, changed)
        cart = ok(await customer.http.get("/cart", headers=tag))
        (item,) = cart["items"]
        assert (item["name"], item["unit_price"], item["is_available"], cart["total"]) == shown
        assert cart["version"] == 1


async def test_what_leaves_the_catalog_stays_visible(shop: Shop, customer: Caller) -> None:
    lamp, bulb = await shop.product("Lamp", "19.99"), await shop.product("Bulb", "0.10")
    await put(customer, lamp, 2)
    await put(customer, bulb, 3)
    await apply_product_events(shop.products, Tombstone(lamp.id, 2))
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
        await apply_product_events(shop.products, product)
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
