import asyncio
from typing import Any

import httpx
import pytest

from tests.integration.support.clients import Account, Json, ServiceClients
from tests.integration.support.factories import follow, line, make_product, settled
from tests.integration.support.names import unique, unknown_id
from tests.integration.support.pages import walk
from tests.integration.support.problems import assert_problem, ok, refused_fields, tagged_version
from tests.integration.support.wait import until


async def put(caller: ServiceClients, product: Json, quantity: int = 1) -> httpx.Response:
    return await caller.order.post("/cart/items", json=line(product, quantity))


async def cart_of(caller: ServiceClients) -> Json:
    cart: Json = ok(await caller.order.get("/cart"))
    return cart


async def check_out(caller: ServiceClients, **fields: Any) -> httpx.Response:
    return await caller.order.post("/order", json=fields)


def contents(cart: Json) -> dict[str, int]:
    return {item["product_id"]: item["quantity"] for item in cart["items"]}


async def test_a_cart_is_empty_at_first(newcomer: Account) -> None:
    response = await newcomer.call.order.get("/cart")
    assert ok(response) == {"items": [], "total": "0.00", "currency": None, "version": 0}
    assert tagged_version(response) == 0
    assert_problem(await check_out(newcomer.call), 409, "cart_empty")


async def test_from_the_cart_to_an_order_whose_stock_is_held(admin: ServiceClients, newcomer: Account) -> None:
    tea, cup = await make_product(admin, price="2.50", stock=5), await make_product(admin, price="10.00", stock=1)
    await put(newcomer.call, tea)
    await put(newcomer.call, cup)
    response = await put(newcomer.call, tea)
    cart = ok(response, 201)
    assert cart["items"][0] == {
        "product_id": tea["id"], "name": tea["name"], "unit_price": "2.50", "quantity": 2, "line_total": "5.00",
        "is_available": True,
    }  # fmt: skip
    assert (cart["total"], cart["currency"], cart["version"]) == ("15.00", tea["currency"], 3)
    assert tagged_version(response) == 3
    assert ok(await follow(newcomer.call.order, response)) == cart

    placed = await check_out(newcomer.call, delivery_address="1 Quiet Lane")
    order = ok(placed, 201)
    assert (contents(order), order["total"]) == ({tea["id"]: 2, cup["id"]: 1}, "15.00")
    assert order["delivery_address"] == "1 Quiet Lane"
    after = await cart_of(newcomer.call)
    assert (after["items"], after["version"]) == ([], 4)
    assert_problem(await check_out(newcomer.call), 409, "cart_empty")
    assert (await settled(newcomer.call, order))["status"] == "awaiting_payment"


async def test_lines_are_changed_and_taken_out(admin: ServiceClients, newcomer: Account) -> None:
    tea, cup = await make_product(admin), await make_product(admin)
    for product in (tea, cup):
        await put(newcomer.call, product)
    path = f"/cart/items/{tea['id']}"
    assert contents(ok(await newcomer.call.order.patch(path, json={"quantity": 7}))) == {tea["id"]: 7, cup["id"]: 1}
    assert (await newcomer.call.order.delete(path)).status_code == 204
    assert_problem(await newcomer.call.order.patch(path, json={"quantity": 1}), 404, "cart_line_not_found")
    assert_problem(await newcomer.call.order.delete(path), 404, "cart_line_not_found")
    assert contents(await cart_of(newcomer.call)) == {cup["id"]: 1}
    assert (await newcomer.call.order.delete("/cart")).status_code == 204
    assert contents(await cart_of(newcomer.call)) == {}


async def test_what_cannot_be_put_in(admin: ServiceClients, newcomer: Account) -> None:
    resting, tea = await make_product(admin, is_active=False), await make_product(admin)
    assert_problem(await put(newcomer.call, {"id": unknown_id()}), 404, "product_not_found")
    response = await put(newcomer.call, resting)
    assert response.json()["code"] in {"product_not_found", "product_unavailable"}, response.text
    ok(await put(newcomer.call, tea, 999), 201)
    assert_problem(await put(newcomer.call, tea), 409, "cart_line_full")
    assert contents(await cart_of(newcomer.call)) == {tea["id"]: 999}


@pytest.mark.parametrize("quantity", [0, -1, 1000, 10**30, 1.5, "two", None, True, []])
async def test_a_quantity_is_1_to_999(admin: ServiceClients, customer: Account, quantity: object) -> None:
    product = await make_product(admin)
    body = {"product_id": product["id"], "quantity": quantity}
    problem = assert_problem(await customer.call.order.post("/cart/items", json=body), 422)
    assert "quantity" in refused_fields(problem)


async def test_the_client_has_no_say_in_prices(admin: ServiceClients, customer: Account) -> None:
    body = {**line(await make_product(admin)), "unit_price": "0.01"}
    problem = assert_problem(await customer.call.order.post("/cart/items", json=body), 422)
    assert "unit_price" in refused_fields(problem)


async def test_a_product_can_be_put_in_as_soon_as_it_is_made(admin: ServiceClients, newcomer: Account) -> None:
    for number in range(5):
        product = await make_product(admin, price=f"{number}.99")
        cart = ok(await put(newcomer.call, product), 201)
        assert cart["items"][-1]["unit_price"] == f"{number}.99"


async def test_a_cart_shows_what_the_catalog_says_now(admin: ServiceClients, newcomer: Account) -> None:
    tea, cup = await make_product(admin, price="2.50", stock=9), await make_product(admin, price="10.00", stock=9)
    for product in (tea, cup):
        await put(newcomer.call, product, 2)
    tag = {"If-None-Match": (await newcomer.call.order.get("/cart")).headers["etag"]}
    assert (await newcomer.call.order.get("/cart", headers=tag)).status_code == 304

    name = unique("Better tea ")
    ok(await admin.catalog.put(f"/product/{tea['id']}", json={"price": "3.00", "name": name}))
    cart = await until(lambda: cart_of(newcomer.call), lambda seen: seen["total"] == "26.00")
    assert (cart["items"][0]["name"], cart["items"][0]["line_total"], cart["version"]) == (name, "6.00", 2)
    assert (await newcomer.call.order.get("/cart", headers=tag)).status_code == 200

    assert (await admin.catalog.delete(f"/product/{tea['id']}")).status_code == 204
    cart = await until(lambda: cart_of(newcomer.call), lambda seen: seen["total"] == "20.00")
    assert cart["items"][0]["name"] in {tea["name"], name}
    assert cart["items"][0]["is_available"] is False
    problem = assert_problem(await check_out(newcomer.call), 409, "product_unavailable")
    assert tea["id"] in problem["detail"]
    assert await cart_of(newcomer.call) == cart

    ok(await admin.catalog.put(f"/product/{cup['id']}", json={"is_active": False}))
    cart = await until(lambda: cart_of(newcomer.call), lambda seen: seen["total"] == "0.00")
    assert [(item["unit_price"], item["is_available"]) for item in cart["items"]][1] == ("10.00", False)


async def test_a_cart_is_changed_as_it_was_seen(admin: ServiceClients, newcomer: Account) -> None:
    tea = await make_product(admin)
    path = f"/cart/items/{tea['id']}"
    ok(await put(newcomer.call, tea), 201)
    for stale in ('"0"', '"2"', "nonsense"):
        headers = {"If-Match": stale}
        for refused in (
            await newcomer.call.order.patch(path, json={"quantity": 2}, headers=headers),
            await newcomer.call.order.delete(path, headers=headers),
            await newcomer.call.order.delete("/cart", headers=headers),
        ):
            assert_problem(refused, 412, "version_conflict")
    seen = {"If-Match": (await newcomer.call.order.get("/cart")).headers["etag"]}
    answers = await asyncio.gather(
        *(newcomer.call.order.patch(path, json={"quantity": n}, headers=seen) for n in range(2, 6))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert (await newcomer.call.order.delete("/cart", headers={"If-Match": '"2"'})).status_code == 204


async def test_a_cart_is_nobody_elses(admin: ServiceClients, newcomer: Account, stranger: Account) -> None:
    tea = await make_product(admin)
    ok(await put(newcomer.call, tea), 201)
    for other in (stranger.call, admin):
        assert tea["id"] not in contents(await cart_of(other))
        assert_problem(await other.order.delete(f"/cart/items/{tea['id']}"), 404, "cart_line_not_found")


async def test_twenty_adds_at_once_make_one_line_of_20(admin: ServiceClients, newcomer: Account) -> None:
    tea = await make_product(admin)
    for answer in await asyncio.gather(*(put(newcomer.call, tea) for _ in range(20))):
        ok(answer, 201)
    cart = await cart_of(newcomer.call)
    assert [item["quantity"] for item in cart["items"]] == [20]
    assert cart["version"] == 20


async def test_checkouts_at_once_make_one_order(admin: ServiceClients, newcomer: Account) -> None:
    tea = await make_product(admin, stock=100)
    for orders in range(1, 6):
        ok(await put(newcomer.call, tea), 201)
        answers = await asyncio.gather(*(check_out(newcomer.call) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
        for answer in answers:
            if answer.is_error:
                assert_problem(answer, 409, "cart_empty")
        assert len(await walk(newcomer.call.order, "/orders")) == orders


async def test_nothing_is_lost_between_a_cart_and_its_checkouts(admin: ServiceClients, newcomer: Account) -> None:
    tea = await make_product(admin, stock=1000)
    ok(await put(newcomer.call, tea), 201)
    answers = await asyncio.gather(
        *(check_out(newcomer.call) if number % 4 == 0 else put(newcomer.call, tea) for number in range(40))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    orders = await walk(newcomer.call.order, "/orders")
    left = contents(await cart_of(newcomer.call)).get(tea["id"], 0)
    assert left + sum(contents(order)[tea["id"]] for order in orders) == 31


@pytest.mark.slow
async def test_100_products_are_a_cart_and_101_are_not(admin: ServiceClients, newcomer: Account) -> None:
    products = [await make_product(admin, price="0.99", stock=1) for _ in range(101)]
    for product in products[:100]:
        cart = ok(await put(newcomer.call, product), 201)
    assert (len(cart["items"]), cart["total"]) == (100, "99.00")
    assert_problem(await put(newcomer.call, products[100]), 409, "cart_full")
    order = await settled(newcomer.call, ok(await check_out(newcomer.call), 201))
    assert (order["status"], len(order["items"])) == ("awaiting_payment", 100)
