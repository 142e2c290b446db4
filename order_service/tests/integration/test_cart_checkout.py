"""A cart becomes an order, however much is in it, and is empty."""

from decimal import Decimal

from order_service.services.replicas import apply_product_events
from order_service.tests.integration.carts import EMPTY, cart_of, put, quantities
from order_service.tests.integration.shop import Caller, Shop, ok, refused
from order_service.tests.things import a_product


async def test_the_cart_is_ordered_and_emptied(shop: Shop, customer: Caller) -> None:
    lamp, bulb = await shop.product("Lamp", "19.99"), await shop.product("Bulb", "0.10")
    await put(customer, lamp, 3)
    await put(customer, bulb, 7)
    await apply_product_events(shop.products, a_product("Dear lamp", "20.00", product_id=lamp.id, version=2))
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
