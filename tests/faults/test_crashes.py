"""`kill -9` between every two steps of an order's way: all the same it is settled, captured once, and stock right."""

import asyncio
import contextlib
from uuid import UUID

import httpx
import pytest

from libs.testing.wait import until
from tests.faults.shop import BOUGHT, PATIENCE, Json, Shop

STEPS = {
    "order-worker": [
        *(f"relay.{step}@{time}" for step in ("taken", "confirmed", "settled") for time in (1, 2)),
        *("handler.done@1", "handler.done@2", "commit.begun", "commit.done"),
    ],
    "catalog-worker": [
        *("relay.taken", "relay.confirmed", "relay.settled"),
        *("handler.done@1", "handler.done@2", "handler.done@3", "commit.begun", "commit.done"),
    ],
}
# The first commit that tells something places the order, the second settles its payment.
API = ["payment.recorded", "payment.charged", "commit.begun@2", "commit.done@2"]

# They share processes, which take long to start.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crashes")]


async def buy(shop: Shop, product_id: UUID, token: str = "tok_ok") -> Json:  # noqa: S107 - not a secret.
    order = await shop.becomes(await shop.place(product_id), "awaiting_payment")
    # The process may die of it; what was begun goes on without the customer.
    with contextlib.suppress(httpx.TransportError):
        await shop.client.post(f"/order/{order['id']}/payment", json={"token": token})
    return order


async def assert_bought(shop: Shop, order: Json) -> None:
    paid = await shop.becomes(order, "paid")
    assert paid["payment"]["status"] == "succeeded"
    assert await shop.captures(order) == (1, 0)

    async def sold() -> bool:
        return await shop.reservation(order) == "sold"

    await until(sold, timeout=PATIENCE, every=0.1)
    history = (await shop.client.get(f"/order/{order['id']}/history")).json()["items"]
    assert [entry["version"] for entry in history] == list(range(1, paid["version"] + 1))
    assert [entry["to"] for entry in history].count("paid") == 1


@pytest.mark.parametrize("victim", STEPS)
async def test_a_worker_dies_at_each_of_its_steps(shop: Shop, victim: str) -> None:
    """One after the other, each in the middle of a purchase that it does not prevent."""
    worker = shop.processes[victim]
    product_id = await shop.product(len(STEPS[victim]) * BOUGHT)
    await worker.kill()
    buying = []
    for step in STEPS[victim]:
        await worker.start(step)
        buying.append(asyncio.create_task(buy(shop, product_id)))
        await worker.died()
    await worker.start()
    for order in await asyncio.gather(*buying):
        await assert_bought(shop, order)
    assert await shop.on_shelf(product_id) == (0, 0)


async def test_the_api_dies_while_it_charges(shop: Shop) -> None:
    api = shop.processes["order-api"]
    product_id = await shop.product(len(API) * BOUGHT)
    orders = []
    for step in API:
        await api.kill()
        await api.start(step)
        await api.is_ready()
        orders.append(await buy(shop, product_id))
        await api.died()
        await api.start()
    for order in orders:
        await assert_bought(shop, order)
    assert await shop.on_shelf(product_id) == (0, 0)


async def test_who_asks_the_provider_dies(shop: Shop) -> None:
    worker = shop.processes["order-worker"]
    product_id = await shop.product(BOUGHT)
    order = await buy(shop, product_id, "tok_unknown")
    await worker.kill()
    await worker.start("settlement.asked")
    waiting = asyncio.create_task(shop.becomes(order, "paid"))
    await worker.died()
    await worker.start()
    await waiting
    await assert_bought(shop, order)
    assert await shop.on_shelf(product_id) == (0, 0)
