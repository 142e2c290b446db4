"""The worker between a real broker and a real database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from libs.contracts.auth import UserDeleted, UserUpdated
from libs.contracts.catalog import ProductCreated, ProductDeleted, Shortage, StockRejected, StockReserved
from libs.contracts.topology import AUTH_EVENTS, CATALOG_EVENTS
from libs.database.database import Database
from libs.process.ids import new_id
from libs.testing.databases import empty
from libs.testing.wait import until
from order_service.tests.integration.bus import Bus, on_the_bus
from order_service.tests.integration.shop import Caller, Json, Shop, ok, refused
from order_service.tests.integration.workers import working
from order_service.tests.things import a_product

REBUILD = text(
    "INSERT INTO replica_rebuilds (queue, requested_by) VALUES ('order.products', 'ada'), ('order.users', 'bob')"
)
REBUILT = text("DELETE FROM replica_rebuilds WHERE queue = :queue")


@pytest.fixture(scope="module")
async def bus(database_url: str, amqp_url: str) -> AsyncIterator[Bus]:
    # Workers would take up thousands of orders that other tests have left unanswered.
    await empty(database_url)
    async with on_the_bus(amqp_url) as bus:
        yield bus


@pytest.fixture(scope="module")
async def worker(database_url: str, amqp_url: str, bus: Bus) -> AsyncIterator[httpx.AsyncClient]:
    del bus  # It listens before the worker speaks.
    async with working(database_url, amqp_url) as client:
        yield client


async def becomes(caller: Caller, order: Json, status: str) -> Json:
    async def there() -> Json | None:
        seen = await caller.read(order)
        return seen if seen["status"] == status else None

    found: Json | None = await until(there)
    assert found is not None
    return found


@pytest.mark.usefixtures("worker")
async def test_the_story_of_an_order(shop: Shop, customer: Caller, bus: Bus) -> None:
    lamp = await shop.product()
    items = [{"product_id": str(lamp.id), "quantity": 2}]
    headers = {"X-Request-ID": "the-order"}
    order = ok(await customer.http.post("/order", json={"items": items}, headers=headers), 201)
    (placed,) = await until(lambda: bus.told(order["id"]))
    assert (placed["type"], placed["sequence"], placed["correlationid"]) == ("order.placed", "1", "the-order")
    assert placed["data"]["items"] == order["items"]

    answer = StockReserved(order_id=UUID(order["id"]), order_version=1)
    await bus.tell(CATALOG_EVENTS, answer, times=3)
    after = await becomes(customer, order, "awaiting_payment")
    assert after["version"] == 2

    ok(await customer.http.post(f"/order/{order['id']}/cancel"))
    events = await until(lambda: _three(bus, order["id"]))
    assert [(event["type"], event["sequence"], event["data"]["status"]) for event in events] == [
        ("order.placed", "1", "pending"),
        ("order.reserved", "2", "awaiting_payment"),
        ("order.cancelled", "3", "cancelled"),
    ]
    # What an answer causes belongs to the request that the answer belongs to.
    assert events[1]["correlationid"] == "a-request"


async def _three(bus: Bus, order_id: str) -> list[Json] | None:
    events = await bus.told(order_id)
    return events if len(events) == 3 else None


@pytest.mark.usefixtures("worker")
async def test_a_rejection_arrives(shop: Shop, customer: Caller, bus: Bus) -> None:
    lamp = await shop.product("Lamp")
    order = await customer.place(lamp)
    shortage = Shortage(product_id=lamp.id, wanted=2, available=1)
    await bus.tell(CATALOG_EVENTS, StockRejected(order_id=UUID(order["id"]), order_version=1, shortages=(shortage,)))
    after = await becomes(customer, order, "rejected")
    assert after["status_reason"] == "Not enough in stock: Lamp: 2 wanted, 1 available"


@pytest.mark.usefixtures("worker")
async def test_answers_that_have_waited_are_taken_together(shop: Shop, customer: Caller, bus: Bus) -> None:
    """Whatever each of them says, and each in the story that it belongs to."""
    lamp = await shop.product("Lamp")
    first, held, late, short, last = [await customer.place(lamp) for _ in range(5)]
    ok(await customer.http.post(f"/order/{late['id']}/cancel"))
    shortage = Shortage(product_id=lamp.id, wanted=2, available=1)
    stories = {order["id"]: f"the story of {order['id']}" for order in (first, held, short, last)}
    async with shop.uow() as work:
        # The answer to it is at work until this one is out of its way, and so long all others wait.
        await work.orders.for_change(UUID(first["id"]))
        for order in (first, held, late):
            answer = StockReserved(order_id=UUID(order["id"]), order_version=1)
            await bus.tell(CATALOG_EVENTS, answer, story=stories.get(order["id"], "another"))
        await bus.tell(CATALOG_EVENTS, StockReserved(order_id=new_id(), order_version=1))
        missing = StockRejected(order_id=UUID(short["id"]), order_version=1, shortages=(shortage,))
        await bus.tell(CATALOG_EVENTS, missing, times=2, story=stories[short["id"]])
        answer = StockReserved(order_id=UUID(last["id"]), order_version=1)
        await bus.tell(CATALOG_EVENTS, answer, story=stories[last["id"]])
        assert (await customer.read(last))["status"] == "pending"
    for order in (first, held, last):
        assert (await becomes(customer, order, "awaiting_payment"))["version"] == 2
    assert (await customer.read(short))["status_reason"] == "Not enough in stock: Lamp: 2 wanted, 1 available"
    assert (await customer.read(late))["version"] == 2

    async def told(order_id: str) -> Json | None:
        events = await bus.told(order_id)
        return events[1] if len(events) == 2 else None

    for order_id, story in stories.items():
        event = await until(partial(told, order_id))
        assert event is not None
        assert event["correlationid"] == story


@pytest.mark.usefixtures("worker")
async def test_an_order_that_somebody_has_locked_for_long_holds_up_no_other(
    shop: Shop, customer: Caller, bus: Bus
) -> None:
    lamp = await shop.product("Lamp")
    orders = [await customer.place(lamp) for _ in range(20)]
    locked = orders[10]
    async with shop.uow() as work:
        await work.orders.for_change(UUID(locked["id"]))
        for order in orders:
            await bus.tell(CATALOG_EVENTS, StockReserved(order_id=UUID(order["id"]), order_version=1))
        for order in orders:
            if order is not locked:
                await becomes(customer, order, "awaiting_payment")
        assert (await customer.read(locked))["status"] == "pending"
    await becomes(customer, locked, "awaiting_payment")


@pytest.mark.usefixtures("worker")
async def test_products_are_followed(customer: Caller, bus: Bus) -> None:
    lamp = a_product("Lamp", "3.50")
    event = ProductCreated(
        id=lamp.id,
        version=1,
        sku=None,
        slug="lamp",
        name=lamp.name,
        price=lamp.price,
        currency=lamp.currency,
        category_id=None,
        image_url=None,
        is_active=True,
    )
    await bus.tell(CATALOG_EVENTS, event, times=3)

    async def answered(status: int) -> httpx.Response | None:
        items = [{"product_id": str(lamp.id), "quantity": 1}]
        response = await customer.http.post("/order", json={"items": items})
        return response if response.status_code == status else None

    response = await until(lambda: answered(201))
    assert response is not None
    assert response.json()["total"] == "3.50"
    await bus.tell(CATALOG_EVENTS, ProductDeleted(id=lamp.id, version=2))
    await bus.tell(CATALOG_EVENTS, event)
    response = await until(lambda: answered(404))
    assert response is not None
    refused(response, 404, "product_not_found")


@pytest.mark.usefixtures("worker")
async def test_users_are_followed(shop: Shop, bus: Bus) -> None:
    admin = shop.admin()
    state: dict[str, Any] = {"id": admin.actor.user_id, "email": "root@example.com", "username": "root"}
    now = datetime.now(UTC)
    demoted = UserUpdated(**state, role="user", is_active=True, version=2, created_at=now, updated_at=now)
    path = f"/orders/user/{new_id()}"
    ok(await admin.http.get(path))
    await bus.tell(AUTH_EVENTS, demoted)

    async def answered(code: str) -> bool:
        response = await admin.http.get(path)
        return bool(response.json().get("code") == code)

    await until(lambda: answered("forbidden"))
    await bus.tell(AUTH_EVENTS, UserDeleted(id=admin.actor.user_id, version=3))
    await until(lambda: answered("user_inactive"))


async def becomes_ready(worker: httpx.AsyncClient) -> Json:
    async def ready() -> Json | None:
        response = await worker.get("/health/ready")
        return ok(response) if response.status_code == 200 else None

    found: Json | None = await until(ready)
    assert found is not None
    return found


async def test_the_worker_says_that_it_is_ready(worker: httpx.AsyncClient) -> None:
    seen = await becomes_ready(worker)
    assert set(seen["checks"]) == {"database", "broker", "relay", "bindings", "consumers", "replicas"}


async def test_until_every_replica_is_whole_again_the_worker_is_not_ready(
    worker: httpx.AsyncClient, transactions: Database
) -> None:
    await becomes_ready(worker)
    await transactions.execute(REBUILD)
    for queue in ("order.users", "order.products"):
        seen = ok(await worker.get("/health/ready"), 503)
        assert seen["checks"]["replicas"] == "failing: RebuildingError"
        await transactions.execute(REBUILT, {"queue": queue})
    await becomes_ready(worker)
