"""From an order whose stock is held to one that is delivered, or refunded."""

import asyncio

import httpx
import pytest

from tests.integration.support.clients import Account, Json, ServiceClients
from tests.integration.support.factories import (
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
from tests.integration.support.problems import assert_problem, ok
from tests.integration.support.wait import until

OK = "tok_ok"


async def pay(caller: ServiceClients, order: Json, token: str = OK) -> httpx.Response:
    return await caller.order.post(f"/order/{order['id']}/payment", json={"method": "card", "token": token})


async def advance(admin: ServiceClients, order: Json, status: str) -> Json:
    moved: Json = ok(await admin.order.put(f"/update_order/{order['id']}", json={"status": status}))
    return moved


async def numbers(admin: ServiceClients, product: Json) -> tuple[int, int]:
    counted = await stock(admin, product)
    return counted["on_hand"], counted["reserved"]


async def test_from_order_to_delivery(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, price="12.50", stock=5)
    order = await reserved(customer.call, line(product, 2))
    assert order["reserved_until"] > order["updated_at"]
    response = await pay(customer.call, order)
    payment = ok(response, 201)
    assert (payment["status"], payment["amount"], payment["currency"]) == ("succeeded", "25.00", order["currency"])
    assert payment["provider_reference"]
    assert ok(await follow(customer.call.order, response))["payment"] == payment

    paid = await read_order(customer.call, order)
    assert (paid["status"], paid["reserved_until"]) == ("paid", None)
    assert await until(lambda: numbers(admin, product), lambda seen: seen == (3, 0))
    for status in ("shipped", "delivered"):
        assert (await advance(admin, order, status))["status"] == status
    assert_problem(await customer.call.order.post(f"/order/{order['id']}/cancel"), 409, "illegal_transition")
    history = await walk(customer.call.order, f"/order/{order['id']}/history")
    steps = [entry["to"] for entry in history if entry["from"] != entry["to"]]
    assert steps == ["pending", "awaiting_payment", "paid", "shipped", "delivered"]
    assert await numbers(admin, product) == (3, 0)


async def test_what_was_declined_can_be_paid_again(admin: ServiceClients, customer: Account) -> None:
    order = await reserved(customer.call, line(await make_product(admin, stock=1)))
    assert_problem(await pay(customer.call, order, "tok_declined"), 402, "payment_declined")
    seen = await read_order(customer.call, order)
    assert (seen["status"], seen["payment"]["status"]) == ("awaiting_payment", "declined")
    away = await pay(customer.call, order, "tok_error")
    assert_problem(away, 503, "payment_provider_unavailable")
    assert "retry-after" in away.headers
    assert ok(await pay(customer.call, order), 201)["status"] == "succeeded"
    assert_problem(await pay(customer.call, order), 409, "order_not_payable")


async def test_ten_payments_at_once_pay_once(admin: ServiceClients, customer: Account) -> None:
    order = await reserved(customer.call, line(await make_product(admin, stock=1)))
    answers = await asyncio.gather(*(pay(customer.call, order) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert (await read_order(customer.call, order))["status"] == "paid"


@pytest.mark.slow
async def test_a_provider_that_does_not_answer_is_asked_until_it_does(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=3)
    order = await reserved(customer.call, line(product))
    response = await pay(customer.call, order, "tok_unknown")
    assert ok(response, 202)["status"] == "started"
    for refused in (
        await pay(customer.call, order),
        await customer.call.order.post(f"/order/{order['id']}/cancel"),
        await customer.call.order.put(f"/update_order/{order['id']}", json={"comment": "changed"}),
        await customer.call.order.delete(f"/delete_order/{order['id']}"),
    ):
        assert_problem(refused, 409, "payment_in_progress")
        assert "retry-after" in refused.headers
    paid = await until(
        lambda: read_order(customer.call, order), lambda seen: seen["status"] != "awaiting_payment", patience=60
    )
    assert (paid["status"], paid["payment"]["status"]) == ("paid", "succeeded")


@pytest.mark.slow
async def test_a_slow_provider_is_waited_for(admin: ServiceClients, customer: Account) -> None:
    order = await reserved(customer.call, line(await make_product(admin, stock=1)))
    assert ok(await pay(customer.call, order, "tok_slow"), 201)["status"] == "succeeded"


async def test_cancelling_a_paid_order_refunds_it(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=4)
    order = await reserved(customer.call, line(product, 4))
    ok(await pay(customer.call, order), 201)
    assert_problem(await customer.call.order.delete(f"/delete_order/{order['id']}"), 409, "order_in_progress")
    refunded = ok(await customer.call.order.post(f"/order/{order['id']}/cancel"))
    assert refunded["status"] == "refunded"
    await until_available(admin, product, 4)
    done = await until(lambda: read_order(customer.call, order), lambda seen: seen["payment"]["status"] == "refunded")
    assert done["status"] == "refunded"
    assert ok(await customer.call.order.post(f"/order/{order['id']}/cancel")) == done
    assert (await customer.call.order.delete(f"/delete_order/{order['id']}")).status_code == 204


async def test_what_is_shipped_is_not_refunded(admin: ServiceClients, customer: Account) -> None:
    order = await reserved(customer.call, line(await make_product(admin, stock=1)))
    ok(await pay(customer.call, order), 201)
    await advance(admin, order, "shipped")
    assert_problem(await customer.call.order.post(f"/order/{order['id']}/cancel"), 409, "illegal_transition")
    assert_problem(await customer.call.order.delete(f"/delete_order/{order['id']}"), 409, "order_in_progress")


async def test_what_has_no_stock_yet_or_never_cannot_be_paid(admin: ServiceClients, customer: Account) -> None:
    order = await settled(customer.call, await place(customer.call, line(await make_product(admin, stock=0))))
    assert order["status"] == "rejected"
    assert_problem(await pay(customer.call, order), 409, "order_not_payable")
    assert_problem(await pay(customer.call, {"id": unknown_id()}), 404, "order_not_found")


async def test_nobody_pays_for_another(admin: ServiceClients, customer: Account, stranger: Account) -> None:
    order = await reserved(customer.call, line(await make_product(admin, stock=1)))
    assert_problem(await pay(stranger.call, order), 404, "order_not_found")
    assert_problem(await pay(admin, order), 403, "forbidden")
    assert (await read_order(customer.call, order))["payment"] is None


async def test_new_items_are_reserved_anew(admin: ServiceClients, customer: Account) -> None:
    first, second = await make_product(admin, stock=3), await make_product(admin, price="1.10", stock=3)
    order = await reserved(customer.call, line(first, 3))
    amended = ok(await customer.call.order.put(f"/update_order/{order['id']}", json={"items": [line(second, 2)]}))
    assert (amended["status"], amended["total"], amended["reserved_until"]) == ("pending", "2.20", None)
    assert [item["product_id"] for item in amended["items"]] == [second["id"]]
    again = await settled(customer.call, order)
    assert again["status"] == "awaiting_payment"
    await until_available(admin, first, 3)
    assert await numbers(admin, second) == (3, 2)
    assert ok(await pay(customer.call, order), 201)["amount"] == "2.20"


async def test_amending_to_what_is_not_there_rejects_and_gives_back(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=3)
    order = await reserved(customer.call, line(product, 2))
    ok(await customer.call.order.put(f"/update_order/{order['id']}", json={"items": [line(product, 4)]}))
    assert (await settled(customer.call, order))["status"] == "rejected"
    await until_available(admin, product, 3)


async def test_amending_with_bad_items(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=3)
    order = await reserved(customer.call, line(product, 2))
    put = customer.call.order.put
    for items in ([], [line(product), line(product)], [line(product, 0)], [line(product, 1000)], None, "all"):
        assert_problem(await put(f"/update_order/{order['id']}", json={"items": items}), 422)
    unknown = {"product_id": unknown_id(), "quantity": 1}
    assert_problem(await put(f"/update_order/{order['id']}", json={"items": [unknown]}), 404, "product_not_found")
    by_admin = await admin.order.put(f"/update_order/{order['id']}", json={"items": [line(product)]})
    assert_problem(by_admin, 403, "forbidden")
    assert await read_order(customer.call, order) == order


async def test_messages_that_the_provider_did_not_sign(nobody: ServiceClients) -> None:
    for value in (b"", b"t=1,v1=00", b"\xff"):
        response = await nobody.order.post("/payments/webhook", json={"id": "m"}, headers={b"Shop-Signature": value})
        assert_problem(response, 401, "invalid_signature")
