"""A cart is filled, changed and emptied; what is no cart is refused."""

import pytest

from order_service.domain.tombstone import Tombstone
from order_service.domain.user_replica import UserReplica
from order_service.services.replicas import apply_user_events
from order_service.tests.integration.carts import EMPTY, cart_of, put, quantities, rows_of
from order_service.tests.integration.shop import Caller, Shop, ok, refused

SOMETHING = "0199f39f-5c1d-7d0e-b7a2-3e9f4c5d6a7b"


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


async def test_of_a_person_who_is_gone_no_cart_is_kept(shop: Shop, customer: Caller) -> None:
    await put(customer, await shop.product(), 2)
    user_id = customer.actor.user_id
    await apply_user_events(shop.uow, UserReplica(user_id, "ada", "ada@example.com", "user", is_active=True, version=1))
    assert await rows_of(shop, customer) == 1
    for _ in range(2):
        await apply_user_events(shop.uow, Tombstone(user_id, 2))
    assert await rows_of(shop, customer) == 0
    refused(await customer.http.get("/cart"), 401, "user_inactive")
