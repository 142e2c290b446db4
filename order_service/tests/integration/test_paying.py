import asyncio
import json
import time
from decimal import Decimal

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.database.database import Database
from libs.process.ids import new_id
from order_service.gateways.mock_callbacks import MockCallbackVerifier
from order_service.gateways.mock_provider import MockProvider
from order_service.tests.integration.shop import Caller, Json, Shop, ok, refused
from order_service.tests.integration.till import Till

AGREED = "agreed"


@pytest.fixture
def till(shop: Shop, engine: AsyncEngine, transactions: Database) -> Till:
    return Till(shop, engine, MockProvider(transactions))


async def test_paying_an_order(shop: Shop, till: Till, customer: Caller) -> None:
    order = await till.payable(customer, await shop.product())
    assert order["reserved_until"] is not None
    response = await till.pay(customer, order)
    payment = ok(response, 201)
    assert response.headers["location"] == f"/api/v1/order/{order['id']}"
    assert (payment["status"], payment["amount"], payment["currency"]) == ("succeeded", order["total"], "EUR")
    paid = await customer.read(order)
    assert (paid["status"], paid["payment"], paid["reserved_until"]) == ("paid", payment, None)
    assert [entry["reason"] for entry in await customer.history(order)][-2:] == ["payment started", None]
    assert (await shop.announced(order["id"]))[-1][1] == "order.paid"
    assert await till.book(order) == (1, 0, Decimal(order["total"]))
    listed = ok(await customer.http.get("/orders"))["items"][0]
    assert listed == paid


async def test_each_token_of_the_mock(shop: Shop, till: Till, customer: Caller) -> None:
    order = await till.payable(customer, await shop.product())
    refused(await till.pay(customer, order, "tok_declined"), 402, "payment_declined")
    refused(await till.pay(customer, order, "a card nobody knows"), 402, "payment_declined")
    away = await till.pay(customer, order, "tok_error")
    refused(away, 503, "payment_provider_unavailable")
    assert "retry-after" in away.headers
    assert await till.book(order) == (0, 0, 0)
    unknown = await till.pay(customer, order, "tok_unknown")
    assert ok(unknown, 202)["status"] == "started"
    refused(await till.pay(customer, order), 409, "payment_in_progress")
    refused(await customer.http.post(f"/order/{order['id']}/cancel"), 409, "payment_in_progress")
    await till.settle(order)
    assert (await customer.read(order))["status"] == "paid"
    assert await till.book(order) == (1, 0, Decimal(order["total"]))
    refused(await till.pay(customer, order), 409, "order_not_payable")


async def test_an_order_without_stock_is_not_payable_yet(shop: Shop, till: Till, customer: Caller) -> None:
    response = await till.pay(customer, await customer.place(await shop.product()))
    refused(response, 409, "order_not_payable")
    assert response.headers["retry-after"] == "1"


async def test_who_may_pay(shop: Shop, till: Till, customer: Caller, admin: Caller) -> None:
    order = await till.payable(customer, await shop.product())
    refused(await till.pay(shop.caller(), order), 404, "order_not_found")
    refused(await till.pay(admin, order), 403, "forbidden")
    refused(await till.pay(shop.caller(), {"id": new_id()}), 404, "order_not_found")


@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": "tok_ok", "amount": "1"}, {"method": "x", "token": "t"}])
async def test_bad_bodies(till: Till, shop: Shop, customer: Caller, body: Json) -> None:
    order = await till.payable(customer, await shop.product())
    response = await customer.http.post(f"/order/{order['id']}/payment", json=body)
    refused(response, 422, "validation_error")


async def test_cancelling_a_paid_order_gives_the_money_back(shop: Shop, till: Till, customer: Caller) -> None:
    order = await till.payable(customer, await shop.product())
    ok(await till.pay(customer, order), 201)
    refused(await customer.http.delete(f"/delete_order/{order['id']}"), 409, "order_in_progress")
    for _ in range(2):
        cancelled = ok(await customer.http.post(f"/order/{order['id']}/cancel"))
        assert (cancelled["status"], cancelled["payment"]["status"]) == ("refunded", "refunding")
    await till.settle(order)
    refunded = await customer.read(order)
    assert (refunded["status"], refunded["payment"]["status"]) == ("refunded", "refunded")
    assert await till.book(order) == (1, 1, 0)
    assert [type_ for _, type_, _ in await shop.announced(order["id"])].count("order.refunded") == 1


async def test_the_provider_may_speak_first(shop: Shop, till: Till, customer: Caller) -> None:
    order = await till.payable(customer, await shop.product())
    payment = ok(await till.pay(customer, order, "tok_unknown"), 202)
    for _ in range(3):
        assert (await hear(shop, {"id": f"m-{payment['id']}", "payment_id": payment["id"]})).status_code == 204
    assert (await customer.read(order))["status"] == "paid"
    await asyncio.gather(*(hear(shop, {"id": str(new_id()), "payment_id": payment["id"]}) for _ in range(5)))
    assert await till.book(order) == (1, 0, Decimal(order["total"]))


async def test_messages_nobody_signed_are_refused(shop: Shop) -> None:
    body = {"id": "m-1", "payment_id": None}
    refused(await hear(shop, body, secret="guessed"), 401, "invalid_signature")
    refused(await hear(shop, body, at=int(time.time()) - 3600), 401, "invalid_signature")
    async with shop.client({}) as client:
        refused(await client.post("/payments/webhook", json=body), 401, "invalid_signature")
    refused(await hear(shop, {"no": "id"}), 422, "invalid_value")


def test_it_is_documented_how_the_provider_speaks(app: FastAPI) -> None:
    operation = app.openapi()["paths"]["/api/v1/payments/webhook"]["post"]
    assert [parameter["name"] for parameter in operation["parameters"]] == ["Shop-Signature"]
    assert operation["requestBody"]["content"].keys() == {"application/json"}
    assert operation["responses"].keys() == {"204", "401", "413", "422", "503"}
    assert "`invalid_value`" in operation["responses"]["422"]["description"]


async def hear(shop: Shop, body: Json, *, secret: str = AGREED, at: int | None = None) -> httpx.Response:
    content = json.dumps(body).encode()
    moment = str(int(time.time()) if at is None else at)
    signature = f"t={moment},v1={MockCallbackVerifier(secret).sign(moment, content)}"
    async with shop.client({"Shop-Signature": signature}) as client:
        return await client.post("/payments/webhook", content=content)
