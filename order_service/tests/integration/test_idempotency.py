"""Orders and payments under a key, among them those whose first request never got to its answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.database.database import Database
from libs.database.query import Reader
from libs.idempotency.store import SqlIdempotencyKeys
from libs.process.ids import new_id
from order_service.gateways.mock_provider import MockProvider
from order_service.tests.integration.shop import Caller, Json, Shop, ok, refused
from order_service.tests.integration.till import OK, Till

LEASE_IS_OVER = text(
    "UPDATE idempotency_keys SET claimed_until = now() WHERE user_id = :user_id AND claim IS NOT NULL"
).bindparams(bindparam("user_id", type_=Uuid))


class Deaf(SqlIdempotencyKeys):
    """Requests on it end like those whose process died with the answer in its hands."""

    async def complete(self, *_: object, **__: object) -> None:
        raise ConnectionResetError


@pytest.fixture
def till(shop: Shop, engine: AsyncEngine, transactions: Database) -> Till:
    return Till(shop, engine, MockProvider(transactions))


@asynccontextmanager
async def answers_lost(app: FastAPI, engine: AsyncEngine, customer: Caller) -> AsyncIterator[None]:
    """Afterwards the lease of what was claimed meanwhile is over."""
    reader = Reader(engine.url.render_as_string(hide_password=False), pool_size=2)
    hearing, app.state.idempotency_keys = app.state.idempotency_keys, Deaf(reader)
    try:
        yield
    finally:
        app.state.idempotency_keys = hearing
        await reader.aclose()
    async with engine.begin() as connection:
        await connection.execute(LEASE_IS_OVER, {"user_id": customer.actor.user_id})


async def place(customer: Caller, key: str, body: Json) -> httpx.Response:
    return await customer.http.post("/order", json=body, headers={"Idempotency-Key": key})


async def pay(customer: Caller, key: str, order: Json, token: str = OK) -> httpx.Response:
    body = {"method": "card", "token": token}
    return await customer.http.post(f"/order/{order['id']}/payment", json=body, headers={"Idempotency-Key": key})


def replayed(response: httpx.Response) -> bool:
    return "Idempotency-Replayed" in response.headers


async def orders_of(customer: Caller) -> list[str]:
    return [order["id"] for order in ok(await customer.http.get("/orders"))["items"]]


async def test_twenty_identical_orders_at_once_are_one(shop: Shop, customer: Caller) -> None:
    lamp = await shop.product()
    body = {"items": [{"product_id": str(lamp.id), "quantity": 1}]}
    answers = await asyncio.gather(*(place(customer, "k", body) for _ in range(20)))
    placed = [answer for answer in answers if answer.status_code == 201]
    for other in answers:
        if other not in placed:
            refused(other, 409, "request_in_progress")
    assert len({answer.content for answer in placed}) == 1
    assert await orders_of(customer) == [placed[0].json()["id"]]
    assert [kind for _, kind, _ in await shop.announced(placed[0].json()["id"])] == ["order.placed"]
    again = await place(customer, "k", body)
    assert (again.content, again.headers["location"], again.headers["etag"], replayed(again)) == (
        placed[0].content,
        placed[0].headers["location"],
        '"1"',
        True,
    )


async def test_an_order_whose_answer_was_lost_is_found_again(
    shop: Shop, app: FastAPI, engine: AsyncEngine, customer: Caller
) -> None:
    lamp = await shop.product()
    body = {"items": [{"product_id": str(lamp.id), "quantity": 1}]}
    async with answers_lost(app, engine, customer):
        first = ok(await place(customer, "k", body), 201)
        refused(await place(customer, "k", body), 409, "request_in_progress")
    second = await place(customer, "k", body)
    assert (ok(second, 201), replayed(second)) == (first, False)
    assert await orders_of(customer) == [first["id"]]
    assert len(await shop.announced(first["id"])) == 1
    assert replayed(await place(customer, "k", body))


async def test_a_checkout_whose_answer_was_lost_leaves_the_next_cart_alone(
    shop: Shop, app: FastAPI, engine: AsyncEngine, customer: Caller
) -> None:
    lamp = await shop.product()
    item = {"product_id": str(lamp.id), "quantity": 3}
    ok(await customer.http.post("/cart/items", json=item), 201)
    async with answers_lost(app, engine, customer):
        first = ok(await place(customer, "k", {}), 201)
    assert ok(await place(customer, "k", {}), 201) == first
    async with answers_lost(app, engine, customer):
        ok(await customer.http.post("/cart/items", json=item), 201)
        second = ok(await place(customer, "another", {}), 201)
    ok(await customer.http.post("/cart/items", json=item), 201)
    assert ok(await place(customer, "another", {}), 201) == second
    assert [line["quantity"] for line in ok(await customer.http.get("/cart"))["items"]] == [3]
    assert await orders_of(customer) == [second["id"], first["id"]]


async def test_a_refused_order_may_be_sent_again(shop: Shop, customer: Caller) -> None:
    item = {"product_id": str(new_id()), "quantity": 1}
    refused(await place(customer, "k", {"items": [item]}), 404, "product_not_found")
    lamp = await shop.product()
    corrected = {"items": [item | {"product_id": str(lamp.id)}]}
    ok(await place(customer, "k", corrected), 201)


async def test_ten_identical_payments_at_once_are_one(shop: Shop, till: Till, customer: Caller) -> None:
    order = await till.payable(customer, await shop.product())
    answers = await asyncio.gather(*(pay(customer, "k", order) for _ in range(10)))
    paid = [answer for answer in answers if answer.status_code == 201]
    for other in answers:
        if other not in paid:
            refused(other, 409, "request_in_progress")
    assert len({answer.content for answer in paid}) == 1
    assert replayed(await pay(customer, "k", order))
    assert await till.book(order) == (1, 0, Decimal(order["total"]))


@pytest.mark.parametrize("token", ["tok_ok", "tok_declined"])
async def test_a_payment_whose_answer_was_lost_is_found_again(
    shop: Shop, till: Till, app: FastAPI, engine: AsyncEngine, customer: Caller, token: str
) -> None:
    order = await till.payable(customer, await shop.product())
    async with answers_lost(app, engine, customer):
        first = await pay(customer, "k", order, token)
    second, third = await pay(customer, "k", order, token), await pay(customer, "k", order, token)
    assert (replayed(second), replayed(third)) == (False, True)
    assert first.status_code == second.status_code == third.status_code == (201 if token == "tok_ok" else 402)
    assert second.content == third.content
    assert (await till.book(order))[0] == (token == "tok_ok")
    reasons = [entry["reason"] for entry in await customer.history(order)]
    assert reasons.count("payment started") == 1


async def test_a_declined_payment_is_tried_again_under_another_key(shop: Shop, till: Till, customer: Caller) -> None:
    order = await till.payable(customer, await shop.product())
    for is_again in (False, True):
        answer = await pay(customer, "k", order, "tok_declined")
        refused(answer, 402, "payment_declined")
        assert replayed(answer) == is_again
    refused(await pay(customer, "k", order), 422, "idempotency_key_reused")
    ok(await pay(customer, "another", order), 201)


async def test_what_became_of_an_unknown_outcome_is_told(shop: Shop, till: Till, customer: Caller) -> None:
    order = await till.payable(customer, await shop.product())
    for _ in range(2):
        unknown = await pay(customer, "k", order, "tok_unknown")
        assert (ok(unknown, 202)["status"], replayed(unknown)) == ("started", False)
    await till.settle(order)
    for is_again in (False, True):
        known = await pay(customer, "k", order, "tok_unknown")
        assert (ok(known, 201)["id"], known.json()["status"], replayed(known)) == (
            unknown.json()["id"],
            "succeeded",
            is_again,
        )
    assert await till.book(order) == (1, 0, Decimal(order["total"]))


async def test_while_the_provider_is_away_the_same_request_tries_anew(
    shop: Shop, till: Till, engine: AsyncEngine, customer: Caller
) -> None:
    order = await till.payable(customer, await shop.product())
    for _ in range(2):
        refused(await pay(customer, "k", order, "tok_error"), 503, "payment_provider_unavailable")
    async with engine.connect() as connection:
        tried = text("SELECT count(*) FROM payments WHERE order_id = :id")
        assert await connection.scalar(tried, {"id": UUID(order["id"])}) == 2
    ok(await pay(customer, "another", order), 201)


async def test_two_customers_with_one_key(shop: Shop, customer: Caller) -> None:
    lamp = await shop.product()
    body = {"items": [{"product_id": str(lamp.id), "quantity": 1}]}
    stranger = shop.caller()
    of_one, of_other = await place(customer, "k", body), await place(stranger, "k", body)
    assert ok(of_one, 201)["id"] != ok(of_other, 201)["id"]
    assert of_other.json()["user_id"] == str(stranger.actor.user_id)
