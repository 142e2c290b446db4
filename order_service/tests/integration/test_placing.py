import asyncio
from decimal import Decimal
from uuid import UUID

import pytest
from fastapi import FastAPI

from libs.process.ids import new_id
from order_service.domain.order import Details
from order_service.domain.tombstone import Tombstone
from order_service.services.place_order import PlaceOrder
from order_service.services.replicas import apply_product_events
from order_service.tests.integration.shop import Caller, Shop, ok, refused
from order_service.tests.things import a_customer, a_product

ITEM = {"product_id": str(new_id()), "quantity": 1}
BAD_QUANTITIES: tuple[object, ...] = (0, -1, 1000, 10**30, 1.5, "2", True, None, [])


async def test_an_order_is_placed_and_announced(shop: Shop, customer: Caller) -> None:
    lamp, bulb = await shop.product("Lamp", "19.99"), await shop.product("Bulb", "0.10")
    items = [{"product_id": str(bulb.id), "quantity": 7}, {"product_id": str(lamp.id), "quantity": 3}]
    body = {"items": items, "delivery_address": "1 Quiet Lane\nOxford", "comment": "Ring twice."}
    response = await customer.http.post("/order", json=body)
    order = ok(response, 201)
    lines = [
        {"product_id": str(bulb.id), "name": "Bulb", "unit_price": "0.10", "quantity": 7, "line_total": "0.70"},
        {"product_id": str(lamp.id), "name": "Lamp", "unit_price": "19.99", "quantity": 3, "line_total": "59.97"},
    ]
    expected = {
        "id": order["id"],
        "user_id": str(customer.actor.user_id),
        "username": "ada",
        "status": "pending",
        "items": lines,
        "total": "60.67",
        "currency": "EUR",
        "delivery_address": "1 Quiet Lane\nOxford",
        "comment": "Ring twice.",
        "status_reason": None,
        "payment": None,
        "reserved_until": None,
        "version": 1,
        "created_at": order["created_at"],
        "updated_at": order["created_at"],
    }
    assert order == expected
    assert UUID(order["id"]).version == 7
    assert (response.headers["Location"], response.headers["ETag"]) == (f"/api/v1/order/{order['id']}", '"1"')
    assert ok(await customer.http.get(f"/order/{order['id']}/")) == expected

    ((version, event_type, data),) = await shop.announced(order["id"])
    public = {key: order[key] for key in ("id", "user_id", "status", "items", "total", "currency", "version")}
    assert (version, event_type, data) == (1, "order.placed", public)


async def test_what_is_placed_at_one_moment_stays_apart(shop: Shop) -> None:
    """One statement may write all of it."""
    products = [await shop.product(f"Lamp {number}", f"{number}.50") for number in range(3)]
    callers = [shop.caller() for _ in range(12)]
    for turn, caller in enumerate(callers):
        caller.http.headers["X-Request-ID"] = f"{caller.actor.user_id}-{turn}"
    orders = await asyncio.gather(
        *(caller.place(*products[turn % 3 :], comment=f"{turn}") for turn, caller in enumerate(callers))
    )
    for turn, (caller, order) in enumerate(zip(callers, orders, strict=True)):
        assert (order["user_id"], order["comment"]) == (str(caller.actor.user_id), f"{turn}")
        assert [item["name"] for item in order["items"]] == [product.name for product in products[turn % 3 :]]
        assert await caller.read(order) == order
        assert [entry["to"] for entry in await caller.history(order)] == ["pending"]
        ((_, _, data),) = await shop.announced(order["id"])
        assert (data["user_id"], data["items"]) == (order["user_id"], order["items"])
        assert await shop.causes(order["id"]) == [caller.http.headers["X-Request-ID"]]


async def test_whose_id_is_taken_keeps_nobody_else_from_placing(shop: Shop, app: FastAPI) -> None:
    lamp, taken = await shop.product(), new_id()
    ada, others = a_customer(), [a_customer() for _ in range(4)]
    placing: PlaceOrder = app.state.placing
    orders = await asyncio.gather(
        *(placing.place(ada, {lamp.id: 1}, Details(), taken) for _ in range(3)),
        *(placing.place(each, {lamp.id: 1}, Details()) for each in others),
    )
    assert [order.id for order in orders[:3]] == [taken] * 3
    assert [order.user_id for order in orders[3:]] == [each.user_id for each in others]
    for order in orders[2:]:
        assert len(await shop.announced(str(order.id))) == 1


async def test_a_product_the_replica_lacks_is_asked_of_the_catalog_once(shop: Shop, customer: Caller) -> None:
    lamp, bulb = a_product("Lamp"), a_product("Bulb", "1.50")
    shop.neighbours.products |= {lamp.id: lamp, bulb.id: bulb}
    for _ in range(2):
        order = await customer.place(lamp, bulb)
        assert [item["name"] for item in order["items"]] == ["Lamp", "Bulb"]
    assert (shop.neighbours.asked[lamp.id], shop.neighbours.asked[bulb.id]) == (1, 1)


async def test_orders_in_parallel_for_a_product_the_replica_lacks(shop: Shop) -> None:
    products = [a_product() for _ in range(3)]
    shop.neighbours.products |= {product.id: product for product in products}
    callers = [shop.caller() for _ in range(12)]
    turned = [products[turn % 3 :] + products[: turn % 3] for turn in range(12)]
    orders = await asyncio.gather(*(caller.place(*order) for caller, order in zip(callers, turned, strict=True)))
    assert len({order["id"] for order in orders}) == 12


async def test_a_product_that_is_gone_is_neither_brought_back_nor_asked_for(shop: Shop, customer: Caller) -> None:
    lamp = await shop.product()
    await apply_product_events(shop.products, Tombstone(lamp.id, 2))
    await apply_product_events(shop.products, lamp)
    shop.neighbours.products[lamp.id] = lamp
    body = {"items": [{"product_id": str(lamp.id), "quantity": 1}]}
    problem = refused(await customer.http.post("/order", json=body), 404, "product_not_found")
    assert str(lamp.id) in problem["detail"]
    assert lamp.id not in shop.neighbours.asked


async def test_products_that_cannot_be_ordered(shop: Shop, customer: Caller) -> None:
    lamp, unknown = await shop.product(), new_id()
    resting, dollars = a_product(is_active=False), a_product(currency="USD")
    for product in (resting, dollars):
        await apply_product_events(shop.products, product)

    for other, status, code in (
        (unknown, 404, "product_not_found"),
        (resting.id, 409, "product_unavailable"),
        (dollars.id, 409, "currency_mismatch"),
    ):
        items = [{"product_id": str(each), "quantity": 1} for each in (lamp.id, other)]
        problem = refused(await customer.http.post("/order", json={"items": items}), status, code)
        assert code == "currency_mismatch" or str(other) in problem["detail"]
    assert ok(await customer.http.get("/orders"))["items"] == []


async def test_while_the_catalog_is_away_what_is_known_can_be_ordered(
    shop: Shop, customer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop.neighbours, "catalog_is_away", True)
    body = {"items": [{"product_id": str(new_id()), "quantity": 1}]}
    response = await customer.http.post("/order", json=body)
    refused(response, 503, "catalog_unavailable")
    assert int(response.headers["Retry-After"]) > 0
    await customer.place(await shop.product())


async def test_later_prices_do_not_touch_an_order(shop: Shop, customer: Caller) -> None:
    lamp = await shop.product("Lamp", "10.00")
    order = await customer.place(lamp)
    await apply_product_events(shop.products, a_product("New lamp", "12.34", product_id=lamp.id, version=2))
    assert (await customer.read(order))["items"] == order["items"]
    new = (await customer.place(lamp))["items"][0]
    assert (new["name"], new["unit_price"]) == ("New lamp", "12.34")


async def test_the_largest_order(shop: Shop, customer: Caller) -> None:
    products = [await shop.product("Yacht", "9999999.99") for _ in range(100)]
    items = [{"product_id": str(product.id), "quantity": 999} for product in products]
    order = ok(await customer.http.post("/order", json={"items": items}), 201)
    assert Decimal(order["total"]) == Decimal("9999999.99") * 99900
    assert [item["product_id"] for item in (await customer.read(order))["items"]] == [
        str(product.id) for product in products
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"items": []}, "items"),
        ({"items": None}, "items"),
        ({"items": [{"product_id": "x", "quantity": 1}]}, "items.0.product_id"),
        ({"items": [ITEM, ITEM]}, "items"),
        ({"items": [{"product_id": str(new_id()), "quantity": 1} for _ in range(101)]}, "items"),
        *(({"items": [{"product_id": str(new_id()), "quantity": bad}]}, "items.0.quantity") for bad in BAD_QUANTITIES),
        ({"items": [{"product_id": str(new_id())}]}, "items.0.quantity"),
        ({"items": [{"quantity": 1}]}, "items.0.product_id"),
        ({"items": [ITEM | {"price": "0.01"}]}, "items.0.price"),
        ({"items": [ITEM], "total": "0.01"}, "total"),
        ({"items": [ITEM], "comment": "x" * 2001}, "comment"),
        ({"items": [ITEM], "delivery_address": "x" * 501}, "delivery_address"),
        ({"items": [ITEM], "comment": "\x00"}, "comment"),
        ({"items": [ITEM], "delivery_address": {"street": "x"}}, "delivery_address"),
    ],
)
async def test_what_is_no_order(customer: Caller, body: object, field: str) -> None:
    problem = refused(await customer.http.post("/order", json=body), 422, "validation_error")
    assert field in [error["field"] for error in problem["errors"]]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b'"\\ud800"', b'{"comment": "\\ud800"}', b"[" * 10_000, b"null"]
)
async def test_what_is_no_body(customer: Caller, content: bytes) -> None:
    response = await customer.http.post("/order", content=content, headers={"Content-Type": "application/json"})
    refused(response, 422, "validation_error")


async def test_without_a_token_there_is_no_order(shop: Shop) -> None:
    refused(await shop.client({}).post("/order", json={}), 401, "not_authenticated")
    refused(await shop.client({"Authorization": "Bearer x"}).get("/orders"), 401, "invalid_token")
