"""Two things at once happen to one cart. Nothing that is in it is lost or ordered twice."""

import asyncio
import random
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.process.ids import new_id
from libs.testing.wait import until
from order_service.domain.order import Order
from order_service.domain.products import Product
from order_service.exceptions import CartEmpty, CartLineNotFound, OrderExists
from order_service.services import manage_cart
from order_service.services.place_order import PlaceOrder
from order_service.services.product_pricing import ProductPricing
from order_service.tests.integration.shop import Caller, Json, Shop, ok, refused

ROUNDS = 100


@pytest.fixture(scope="session")
def placing(app: FastAPI) -> PlaceOrder:
    found: PlaceOrder = app.state.placing
    return found


@pytest.fixture(scope="session")
def pricing(app: FastAPI) -> ProductPricing:
    found: ProductPricing = app.state.pricing
    return found


async def put(shop: Shop, pricing: ProductPricing, caller: Caller, product: Product, quantity: int = 1) -> None:
    await manage_cart.add(shop.uow, pricing, caller.actor.user_id, product.id, quantity)


async def in_cart(caller: Caller) -> dict[str, int]:
    return {item["product_id"]: item["quantity"] for item in ok(await caller.http.get("/cart"))["items"]}


async def ordered(caller: Caller) -> list[Json]:
    orders: list[Json] = ok(await caller.http.get("/orders", params={"limit": 100}))["items"]
    return orders


async def at_once(*things: Any) -> list[Any]:
    """In any order, each with its result or its refusal."""
    shuffled = list(enumerate(things))
    random.shuffle(shuffled)
    results = await asyncio.gather(*(thing for _, thing in shuffled), return_exceptions=True)
    found = dict(zip((place for place, _ in shuffled), results, strict=True))
    return [found[place] for place in range(len(things))]


async def test_twenty_adds_at_once_make_one_line_of_20(shop: Shop) -> None:
    lamp = await shop.product()
    for _ in range(5):
        caller = shop.caller()
        body = {"product_id": str(lamp.id)}
        answers = await asyncio.gather(*(caller.http.post("/cart/items", json=body) for _ in range(20)))
        assert sorted(ok(answer, 201)["version"] for answer in answers) == list(range(1, 21))
        cart = ok(await caller.http.get("/cart"))
        assert ([item["quantity"] for item in cart["items"]], cart["version"]) == ([20], 20)


async def test_the_first_products_at_once(shop: Shop, pricing: ProductPricing) -> None:
    products = [await shop.product() for _ in range(2)]
    for _ in range(ROUNDS):
        caller = shop.caller()
        await asyncio.gather(*(put(shop, pricing, caller, product) for product in products))
        assert await in_cart(caller) == {str(product.id): 1 for product in products}


async def test_of_parallel_changes_of_one_version_one_wins(
    shop: Shop, customer: Caller, pricing: ProductPricing
) -> None:
    lamp = await shop.product()
    await put(shop, pricing, customer, lamp)
    answers = await asyncio.gather(
        *(
            customer.http.patch(f"/cart/items/{lamp.id}", json={"quantity": n}, headers={"If-Match": '"1"'})
            for n in range(2, 10)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    assert ok(await customer.http.get("/cart"))["version"] == 2


async def test_two_checkouts_at_once_make_one_order(shop: Shop, placing: PlaceOrder, pricing: ProductPricing) -> None:
    lamp = await shop.product()
    for _ in range(ROUNDS):
        caller = shop.caller()
        await put(shop, pricing, caller, lamp, 3)
        results = await asyncio.gather(
            *(placing.place(caller.actor, None, {}) for _ in range(2)), return_exceptions=True
        )
        assert sorted(type(result).__name__ for result in results) == ["CartEmpty", "Order"]
        (order,) = await ordered(caller)
        assert [item["quantity"] for item in order["items"]] == [3]
        assert await in_cart(caller) == {}


async def test_many_checkouts_over_http_make_one_order(shop: Shop, customer: Caller, pricing: ProductPricing) -> None:
    await put(shop, pricing, customer, await shop.product(), 3)
    answers = await asyncio.gather(*(customer.http.post("/order", json={}) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 11
    for answer in answers:
        if answer.is_error:
            refused(answer, 409, "cart_empty")
    assert len(await ordered(customer)) == 1


async def test_what_is_put_in_during_a_checkout_is_ordered_or_still_there(
    shop: Shop, placing: PlaceOrder, pricing: ProductPricing
) -> None:
    lamp, bulb = await shop.product("Lamp"), await shop.product("Bulb")
    for _ in range(ROUNDS):
        caller = shop.caller()
        await put(shop, pricing, caller, lamp)
        order, *rest = await at_once(
            placing.place(caller.actor, None, {}),
            put(shop, pricing, caller, lamp, 2),
            put(shop, pricing, caller, bulb, 4),
        )
        assert isinstance(order, Order)
        assert rest == [None, None]
        total = await in_cart(caller)
        for line in order.lines:
            total[str(line.product_id)] = total.get(str(line.product_id), 0) + line.quantity
        assert total == {str(lamp.id): 3, str(bulb.id): 4}
        assert len(await ordered(caller)) == 1


async def test_what_is_taken_out_during_a_checkout_is_ordered_or_not(
    shop: Shop, placing: PlaceOrder, pricing: ProductPricing
) -> None:
    lamp, bulb = await shop.product("Lamp"), await shop.product("Bulb")
    for _ in range(ROUNDS):
        caller = shop.caller()
        for product in (lamp, bulb):
            await put(shop, pricing, caller, product)
        order, removed = await at_once(
            placing.place(caller.actor, None, {}), manage_cart.remove(shop.uow, caller.actor.user_id, bulb.id, None)
        )
        assert isinstance(order, Order)
        came_too_late = bulb.id in {line.product_id for line in order.lines}
        assert isinstance(removed, CartLineNotFound) == came_too_late
        assert await in_cart(caller) == {}


async def test_an_emptied_cart_and_a_checkout(shop: Shop, placing: PlaceOrder, pricing: ProductPricing) -> None:
    lamp = await shop.product()
    for _ in range(ROUNDS):
        caller = shop.caller()
        await put(shop, pricing, caller, lamp)
        order, emptied = await at_once(
            placing.place(caller.actor, None, {}), manage_cart.empty(shop.uow, caller.actor.user_id, None)
        )
        assert emptied is None
        assert isinstance(order, Order | CartEmpty)
        assert len(await ordered(caller)) == isinstance(order, Order)
        assert await in_cart(caller) == {}


@pytest.mark.parametrize("from_cart", [True, False])
async def test_attempts_with_one_id_make_one_order(
    shop: Shop, placing: PlaceOrder, pricing: ProductPricing, *, from_cart: bool
) -> None:
    lamp = await shop.product()
    for _ in range(ROUNDS):
        caller, order_id = shop.caller(), new_id()
        await put(shop, pricing, caller, lamp, 3)
        wanted = None if from_cart else {lamp.id: 3}
        orders = await asyncio.gather(*(placing.place(caller.actor, wanted, {}, order_id) for _ in range(4)))
        assert {order.id for order in orders} == {order_id}
        assert [order["id"] for order in await ordered(caller)] == [str(order_id)]
        assert len(await shop.announced(str(order_id))) == 1
        assert await in_cart(caller) == ({} if from_cart else {str(lamp.id): 3})


async def test_a_repetition_leaves_what_was_put_in_since(
    shop: Shop, customer: Caller, placing: PlaceOrder, pricing: ProductPricing
) -> None:
    lamp, order_id = await shop.product(), new_id()
    await put(shop, pricing, customer, lamp, 3)
    order = await placing.place(customer.actor, None, {}, order_id)
    await put(shop, pricing, customer, lamp, 5)
    again = await placing.place(customer.actor, None, {}, order_id)
    assert (again.id, again.lines) == (order.id, order.lines)
    assert await in_cart(customer) == {str(lamp.id): 5}

    stranger = shop.caller()
    for wanted, refusal in (({lamp.id: 1}, OrderExists), (None, CartEmpty)):
        with pytest.raises(refusal):
            await placing.place(stranger.actor, wanted, {}, order_id)
    assert len(await shop.announced(str(order_id))) == 1


async def test_a_checkout_waits_for_an_add_that_is_under_way(
    shop: Shop, customer: Caller, placing: PlaceOrder, pricing: ProductPricing
) -> None:
    """Shown step by step: the lines are read after the lock was waited for, not before."""
    lamp, bulb = await shop.product("Lamp"), await shop.product("Bulb")
    await put(shop, pricing, customer, lamp)
    async with shop.uow() as work:
        cart = await work.carts.for_change(customer.actor.user_id)
        cart.add(bulb, 2)
        await work.carts.save(cart)
        checkout = asyncio.create_task(placing.place(customer.actor, None, {}))
        await until(lambda: _somebody_waits(shop.engine))
    order = await checkout
    assert {line.product_id: line.quantity for line in order.lines} == {lamp.id: 1, bulb.id: 2}


async def _somebody_waits(engine: AsyncEngine) -> bool:
    async with engine.connect() as connection:
        waiting = await connection.scalar(
            text("""
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO carts%'
            """)
        )
    return bool(waiting)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("UPDATE cart_lines SET quantity = 1000", "ck_cart_lines_quantity"),
        ("UPDATE cart_lines SET quantity = 0", "ck_cart_lines_quantity"),
        ("UPDATE cart_lines SET position = 101", "ck_cart_lines_position"),
        ("UPDATE cart_lines SET position = 1", "uq_cart_lines_user_id_position"),
        ("UPDATE cart_lines SET product_id = :id", "pk_cart_lines"),
        ("UPDATE carts SET version = -1", "ck_carts_version"),
    ],
)
async def test_what_the_database_holds_to(
    shop: Shop, customer: Caller, pricing: ProductPricing, change: str, constraint: str
) -> None:
    for _ in range(2):
        await put(shop, pricing, customer, await shop.product())
    values: dict[str, UUID] = {"user_id": customer.actor.user_id} | ({"id": new_id()} if ":id" in change else {})
    async with shop.engine.connect() as connection:
        with pytest.raises(IntegrityError, match=constraint):
            await connection.execute(text(f"{change} WHERE user_id = :user_id"), values)
