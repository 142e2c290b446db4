import asyncio
import uuid
from decimal import Decimal

import pytest

from tests.integration.support.clients import Account, ClientFactory, ServiceClients
from tests.integration.support.factories import (
    available,
    follow,
    line,
    make_product,
    place,
    read_order,
    reserved,
    settled,
    stock,
    until_available,
)
from tests.integration.support.names import unknown_id
from tests.integration.support.pages import walk
from tests.integration.support.problems import assert_problem, ok, refused_fields
from tests.integration.support.users import register_and_log_in

ORDER_FIELDS = {
    "id", "user_id", "status", "items", "total", "currency", "delivery_address", "comment", "status_reason", "payment",
    "reserved_until", "version", "created_at", "updated_at",
}  # fmt: skip


async def test_an_order_waits_for_its_stock_and_gets_it(admin: ServiceClients, customer: Account) -> None:
    tea = await make_product(admin, price="2.50", stock=5)
    cup = await make_product(admin, price="10.00", stock=1)
    body = {"items": [line(tea, 2), line(cup)], "delivery_address": "1 Quiet Lane", "comment": "Ring twice."}
    response = await customer.call.order.post("/order", json=body)
    order = ok(response, 201)
    assert set(order) >= ORDER_FIELDS
    assert uuid.UUID(order["id"]).version == 7
    assert (order["status"], order["version"], order["user_id"]) == ("pending", 1, customer.id)
    assert (order["delivery_address"], order["comment"]) == ("1 Quiet Lane", "Ring twice.")
    assert (order["total"], order["currency"]) == ("15.00", tea["currency"])
    lines = {item["product_id"]: item for item in order["items"]}
    assert lines[tea["id"]] == {
        "product_id": tea["id"], "name": tea["name"], "unit_price": "2.50", "quantity": 2, "line_total": "5.00",
    }  # fmt: skip
    assert lines[cup["id"]]["line_total"] == "10.00"
    assert order["created_at"].endswith("Z")

    after = await settled(customer.call, order)
    assert (after["status"], after["version"], after["status_reason"]) == ("awaiting_payment", 2, None)
    assert ok(await follow(customer.call.order, response)) == after
    counted = await stock(admin, tea)
    assert (counted["on_hand"], counted["reserved"], counted["available"]) == (5, 2, 3)
    assert await available(admin, cup) == 0
    assert ok(await customer.call.catalog.get(f"/products/{cup['id']}"))["in_stock"] is False


async def test_who_registers_can_order_at_once(admin: ServiceClients, switchboard: ClientFactory) -> None:
    account = await register_and_log_in(switchboard)
    order = await place(account.call, line(await make_product(admin, stock=1)))
    assert order["user_id"] == account.id


async def test_a_product_can_be_ordered_as_soon_as_it_is_made(admin: ServiceClients, customer: Account) -> None:
    for number in range(5):
        product = await make_product(admin, price=f"{number}.99", stock=1)
        order = await place(customer.call, line(product))
        assert (order["total"], order["items"][0]["name"]) == (f"{number}.99", product["name"])


async def test_too_much_is_rejected_and_nothing_is_held(admin: ServiceClients, customer: Account) -> None:
    enough, scarce = await make_product(admin, stock=50), await make_product(admin, stock=3)
    order = await settled(customer.call, await place(customer.call, line(enough, 5), line(scarce, 77)))
    assert order["status"] == "rejected"
    reason = str(order["status_reason"])
    assert scarce["name"] in reason or scarce["id"] in reason
    assert "77" in reason
    assert "3" in reason.replace(scarce["name"], "").replace(scarce["id"], "")
    assert enough["name"] not in reason
    assert enough["id"] not in reason
    assert (await available(admin, enough), await available(admin, scarce)) == (50, 3)
    await reserved(customer.call, line(enough, 50), line(scarce, 3))


async def test_the_last_ones_can_all_be_had(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=3)
    await reserved(customer.call, line(product, 3))
    late = await settled(customer.call, await place(customer.call, line(product)))
    assert late["status"] == "rejected"


@pytest.mark.slow
async def test_of_40_orders_at_once_on_10_exactly_10_are_held(
    admin: ServiceClients, customer: Account, stranger: Account
) -> None:
    product = await make_product(admin, stock=10)
    buyers = [customer.call, stranger.call] * 20
    placed = await asyncio.gather(*(place(buyer, line(product)) for buyer in buyers))
    after = await asyncio.gather(*(settled(buyer, order) for buyer, order in zip(buyers, placed, strict=True)))
    statuses = [order["status"] for order in after]
    assert (statuses.count("awaiting_payment"), statuses.count("rejected")) == (10, 30)
    counted = await stock(admin, product)
    assert (counted["on_hand"], counted["reserved"], counted["available"]) == (10, 10, 0)


async def test_crossing_orders_of_the_same_products_all_get_an_answer(admin: ServiceClients, customer: Account) -> None:
    products = [await make_product(admin, stock=12) for _ in range(3)]
    lines = [line(product) for product in products]
    turned = [lines[turn:] + lines[:turn] for turn in range(3)] + [lines[::-1]]
    placed = await asyncio.gather(*(place(customer.call, *turned[number % 4]) for number in range(16)))
    after = await asyncio.gather(*(settled(customer.call, order) for order in placed))
    assert [order["status"] for order in after].count("awaiting_payment") == 12
    assert [await available(admin, product) for product in products] == [0, 0, 0]


async def test_an_unknown_product_makes_no_order(admin: ServiceClients, newcomer: Account) -> None:
    known = await make_product(admin, stock=5)
    body = {"items": [line(known), {"product_id": unknown_id(), "quantity": 1}]}
    assert_problem(await newcomer.call.order.post("/order", json=body), 404, "product_not_found")
    assert await walk(newcomer.call.order, "/orders") == []


async def test_a_product_twice_is_refused(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=5)
    again = {**line(product, 2), "product_id": product["id"].upper()}
    assert_problem(await customer.call.order.post("/order", json={"items": [line(product), again]}), 422)


@pytest.mark.parametrize("quantity", [0, -1, 1000, 10**30, 1.5, "two", None, True, []])
async def test_a_quantity_is_1_to_999(admin: ServiceClients, customer: Account, quantity: object) -> None:
    product = await make_product(admin, stock=5)
    body = {"items": [{"product_id": product["id"], "quantity": quantity}]}
    problem = assert_problem(await customer.call.order.post("/order", json=body), 422)
    assert "quantity" in refused_fields(problem)


@pytest.mark.parametrize(
    "changes",
    [{"unit_price": "0.01"}, {"name": "x"}, {"product_id": "no-uuid"}, {"product_id": None}, {"product_id": 7}],
    ids=str,
)
async def test_a_line_is_a_product_and_a_quantity(
    admin: ServiceClients, customer: Account, changes: dict[str, object]
) -> None:
    product = await make_product(admin, stock=5)
    body = {"items": [{**line(product), **changes}]}
    problem = assert_problem(await customer.call.order.post("/order", json=body), 422)
    assert next(iter(changes)) in refused_fields(problem)


@pytest.mark.parametrize("field", ["total", "status", "user_id", "currency", "id"])
async def test_an_order_takes_no_word_on_what_the_shop_decides(
    admin: ServiceClients, customer: Account, field: str
) -> None:
    product = await make_product(admin, stock=5)
    body = {"items": [line(product)], field: "0.01"}
    problem = assert_problem(await customer.call.order.post("/order", json=body), 422)
    assert field in refused_fields(problem)


@pytest.mark.slow
async def test_100_lines_are_an_order_and_101_are_not(admin: ServiceClients, customer: Account) -> None:
    products = [await make_product(admin, price="0.99", stock=1) for _ in range(101)]
    lines = [line(product) for product in products]
    assert_problem(await customer.call.order.post("/order", json={"items": lines}), 422)
    order = await reserved(customer.call, *lines[:100])
    assert Decimal(order["total"]) == 99
    assert len(order["items"]) == 100


async def test_the_dearest_order_is_added_up_to_the_cent(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, price="9999999.99", stock=2000)
    order = await reserved(customer.call, line(product, 999))
    assert order["total"] == order["items"][0]["line_total"] == "9989999990.01"
    await customer.call.order.post(f"/order/{order['id']}/cancel")
    await until_available(admin, product, 2000)
    assert (await read_order(customer.call, order))["total"] == "9989999990.01"
