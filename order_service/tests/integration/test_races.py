"""Two things at once happen to one order. Whoever comes first, versions, history and events agree afterwards."""

import asyncio
import random
from typing import Any
from uuid import UUID

import pytest

from order_service.domain.stock_result import Shortage, StockResult
from order_service.domain.tombstone import Tombstone
from order_service.services.apply_stock_results import apply_stock_results
from order_service.services.manage_order import cancel, delete
from order_service.services.replicas import apply_product_events
from order_service.tests.integration.shop import Caller, Json, Shop, ok, refused
from order_service.tests.things import HOLD, a_product

ROUNDS = 100


def shuffle(things: list[Any], seed: int) -> None:
    random.Random(seed).shuffle(things)  # noqa: S311 - an order that is the same in every run.


async def assert_whole(shop: Shop, caller: Caller, order: Json) -> Json:
    """Every version has one entry of history and one event, and each begins where the one before ended."""
    after = await caller.read(order)
    history = await caller.history(order)
    assert [entry["version"] for entry in history] == list(range(1, after["version"] + 1))
    assert [entry["from"] for entry in history] == [None, *(entry["to"] for entry in history[:-1])]
    assert history[-1]["to"] == after["status"]
    announced = await shop.announced(order["id"])
    assert [version for version, _, _ in announced] == list(range(1, after["version"] + 1))
    assert [data["status"] for _, _, data in announced] == [entry["to"] for entry in history]
    return after


async def test_a_cancel_against_a_hold(shop: Shop, customer: Caller) -> None:
    lamp = await shop.product()
    for _ in range(ROUNDS):
        order = await customer.place(lamp)
        order_id = UUID(order["id"])
        both = [
            cancel(shop.uow, customer.actor, order_id),
            apply_stock_results(shop.uow, HOLD, StockResult(order_id, 1)),
        ]
        random.shuffle(both)
        await asyncio.gather(*both)
        after = await assert_whole(shop, customer, order)
        assert after["status"] == "cancelled"
        assert after["version"] in (2, 3)


async def test_a_cancel_against_a_rejection(shop: Shop, customer: Caller) -> None:
    lamp = await shop.product()
    for _ in range(ROUNDS):
        order = await customer.place(lamp)
        order_id = UUID(order["id"])
        rejection = apply_stock_results(shop.uow, HOLD, StockResult(order_id, 1, (Shortage(lamp.id, 2, 0),)))
        answer, _ = await asyncio.gather(customer.http.post(f"/order/{order_id}/cancel"), rejection)
        after = await assert_whole(shop, customer, order)
        assert after["version"] == 2
        if answer.status_code == 200:
            assert after == answer.json()
            assert after["status"] == "cancelled"
        else:
            refused(answer, 409, "illegal_transition")
            assert after["status"] == "rejected"


async def test_of_parallel_cancels_one_counts(shop: Shop, customer: Caller, admin: Caller) -> None:
    order = await customer.place(await shop.product())
    path = f"/order/{order['id']}/cancel"
    answers = await asyncio.gather(*(caller.http.post(path) for caller in (customer, admin) for _ in range(6)))
    after = await assert_whole(shop, customer, order)
    assert [ok(answer) for answer in answers] == [after] * 12
    assert (after["status"], after["version"]) == ("cancelled", 2)


async def test_of_parallel_changes_of_one_version_one_wins(shop: Shop, customer: Caller) -> None:
    order = await customer.place(await shop.product())
    answers = await asyncio.gather(
        *(
            customer.http.put(f"/update_order/{order['id']}", json={"comment": str(n)}, headers={"If-Match": '"1"'})
            for n in range(8)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    assert (await assert_whole(shop, customer, order))["version"] == 2


async def test_parallel_deletes_and_an_answer(shop: Shop, customer: Caller, admin: Caller) -> None:
    lamp = await shop.product()
    for _ in range(20):
        order = await customer.place(lamp)
        order_id = UUID(order["id"])
        await asyncio.gather(
            delete(shop.uow, admin.actor, order_id, None),
            apply_stock_results(shop.uow, HOLD, StockResult(order_id, 1)),
            delete(shop.uow, admin.actor, order_id, None),
        )
        after = await admin.read(order)
        assert after["status"] == "cancelled"
        assert [entry["reason"] for entry in await admin.history(order)].count("deleted") == 1
        assert (await shop.announced(order["id"]))[-1][2]["status"] == "cancelled"


@pytest.mark.parametrize("seed", range(5))
async def test_answers_late_twice_and_in_any_order(shop: Shop, customer: Caller, seed: int) -> None:
    """Among the answers to three versions, only that to the newest counts, and once."""
    lamp = await shop.product()
    order = await customer.place(lamp)
    order_id = UUID(order["id"])
    for comment in "ab":
        ok(await customer.http.put(f"/update_order/{order_id}", json={"comment": comment}))

    none_left = (Shortage(lamp.id, 2, 0),)
    to_each = [StockResult(order_id, 1, none_left), StockResult(order_id, 2, none_left), StockResult(order_id, 3)]
    answers = to_each * 3
    shuffle(answers, seed)
    await asyncio.gather(*(apply_stock_results(shop.uow, HOLD, answer) for answer in answers))
    after = await assert_whole(shop, customer, order)
    assert (after["status"], after["version"], after["status_reason"]) == ("awaiting_payment", 4, None)


@pytest.mark.parametrize("seed", range(5))
async def test_products_follow_the_newest_version_whatever_comes_when(shop: Shop, customer: Caller, seed: int) -> None:
    lamp = a_product(version=1)
    news = [a_product(f"Lamp {version}", product_id=lamp.id, version=version) for version in range(1, 9)] * 3
    shuffle(news, seed)
    await asyncio.gather(*(apply_product_events(shop.products, product) for product in news))
    assert (await customer.place(lamp))["items"][0]["name"] == "Lamp 8"

    await asyncio.gather(
        *(apply_product_events(shop.products, product) for product in news),
        apply_product_events(shop.products, Tombstone(lamp.id, 9)),
    )
    body = {"items": [{"product_id": str(lamp.id), "quantity": 1}]}
    refused(await customer.http.post("/order", json=body), 404, "product_not_found")


async def test_orders_at_once_are_all_placed(shop: Shop) -> None:
    lamp = await shop.product()
    customers = [shop.caller() for _ in range(12)]
    orders = await asyncio.gather(*(customer.place(lamp) for customer in customers))
    assert len({order["id"] for order in orders}) == 12
    for customer, order in zip(customers, orders, strict=True):
        assert await assert_whole(shop, customer, order) == order
