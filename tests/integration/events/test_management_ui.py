"""What a person finds in RabbitMQ's own pages."""

import json

import httpx
import pytest

from tests.integration.support.broker import EXCHANGES
from tests.integration.support.clients import Account, ServiceClients
from tests.integration.support.factories import line, make_product, place, settled
from tests.integration.support.problems import ok
from tests.integration.support.wait import until

QUEUES = {
    "catalog.users": [("auth.events", "user.*")],
    "catalog.orders": [
        ("order.events", f"order.{change}")
        for change in ("placed", "amended", "paid", "rejected", "cancelled", "expired", "refunded")
    ],
    "order.users": [("auth.events", "user.*")],
    "order.products": [("catalog.events", "product.*")],
    "order.stock": [("catalog.events", "stock.*")],
    "order.webhooks": [],
}


@pytest.mark.parametrize("exchange", EXCHANGES)
async def test_an_exchange(broker_ui: httpx.AsyncClient, vhost: str, exchange: str) -> None:
    found = ok(await broker_ui.get(f"/exchanges/{vhost}/{exchange}"))
    assert (found["type"], found["durable"]) == ("topic", True)


@pytest.mark.parametrize("name", QUEUES)
async def test_a_queue_with_its_ladder(broker_ui: httpx.AsyncClient, vhost: str, name: str) -> None:
    found = ok(await broker_ui.get(f"/queues/{vhost}/{name}"))
    assert (found["type"], found["durable"]) == ("quorum", True)
    bindings = ok(await broker_ui.get(f"/queues/{vhost}/{name}/bindings"))
    bound = {(binding["source"], binding["routing_key"]) for binding in bindings}
    assert bound >= set(QUEUES[name])
    for delay in ("retry.5s", "retry.30s", "retry.5m", "parked"):
        beside = ok(await broker_ui.get(f"/queues/{vhost}/{name}.{delay}"))
        assert beside["durable"] is True


async def test_every_queue_is_consumed(broker_ui: httpx.AsyncClient, vhost: str) -> None:
    for name in QUEUES:
        # The pages' figures are some seconds old.
        await until(
            lambda name=name: broker_ui.get(f"/queues/{vhost}/{name}"),  # type: ignore[misc] # binds the loop's value
            lambda seen: seen.status_code == 200 and seen.json().get("consumers", 0) > 0,
        )


async def test_the_trace_tells_the_story_of_an_order(
    broker_ui: httpx.AsyncClient, vhost: str, admin: ServiceClients, customer: Account
) -> None:
    product = await make_product(admin, stock=5)
    order = await settled(customer.call, await place(customer.call, line(product)))
    question = {"count": 10_000, "ackmode": "ack_requeue_true", "encoding": "auto", "truncate": 50_000}

    async def story() -> list[str]:
        """Get messages, as the page does it: they all stay in the queue."""
        messages = ok(await broker_ui.post(f"/queues/{vhost}/shop.trace/get", json=question, timeout=60))
        return [
            message["routing_key"]
            for message in messages
            if order["id"] in message["payload"] and json.loads(message["payload"])["specversion"] == "1.0"
        ]

    expected = ["order.placed", "stock.reserved", "order.reserved"]
    assert await until(story, lambda seen: set(seen) >= set(expected)) == expected
