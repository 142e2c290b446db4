"""Events reach whoever binds a queue, at once or when the broker is back."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
import httpx
import pytest
from aio_pika.abc import AbstractQueue

from auth_service.core.settings import Settings, WorkerSettings
from auth_service.tests.integration.house import House, Json, answer
from auth_service.worker import create_worker
from libs.broker import topology
from libs.contracts.topology import AUTH_EVENTS
from libs.testing.proxy import Proxy
from libs.testing.wait import until


@asynccontextmanager
async def worker(settings: Settings, amqp_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A running worker, and a client of its health."""
    app = create_worker(WorkerSettings(database_url=settings.database_url, amqp_url=amqp_url))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://worker") as client,
    ):
        yield client


@pytest.fixture
async def queue(amqp_url: str) -> AsyncIterator[AbstractQueue]:
    """A reader of all that auth_service tells."""
    await topology.declare(amqp_url)
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(AUTH_EVENTS.name, "user.*")
        yield queue


async def next_about(queue: AbstractQueue, user_id: str) -> Json:
    """The next event about a user; what other tests left in the outbox is passed over."""
    while True:
        message = await until(lambda: queue.get(no_ack=True, fail=False))
        assert message is not None
        event: Json = json.loads(message.body)
        if event["subject"] == user_id:
            assert message.correlation_id == event["correlationid"]
            return event


async def test_a_users_whole_story_is_told_in_order(
    house: House, settings: Settings, amqp_url: str, queue: AbstractQueue
) -> None:
    async with worker(settings, amqp_url):
        ada = await house.join("ada")
        created = await next_about(queue, ada.id)
        assert (created["type"], created["sequence"], created["source"]) == ("user.created", "1", "/auth")
        assert created["data"]["email"] == "ada@example.com"
        response = await ada.call.put("/users/me", json={"username": "lovelace"}, headers={"X-Request-ID": "story-2"})
        answer(response)
        renamed = await next_about(queue, ada.id)
        assert (renamed["type"], renamed["data"]["username"]) == ("user.updated", "lovelace")
        assert renamed["correlationid"] == "story-2"
        await ada.call.delete("/users/me")
        deleted = await next_about(queue, ada.id)
        assert (deleted["type"], deleted["data"]) == ("user.deleted", {"id": ada.id, "version": 3})


async def test_with_the_broker_down_people_register_and_are_told_of_later(
    house: House, settings: Settings, amqp_url: str, queue: AbstractQueue
) -> None:
    async with Proxy(amqp_url) as proxy, worker(settings, proxy.url) as health:

        async def ready(status: int) -> bool:
            return (await health.get("/health/ready")).status_code == status

        await until(lambda: ready(200))
        await proxy.cut()
        people = await asyncio.gather(*(house.join(f"person{number}") for number in range(5)))
        await until(lambda: ready(503))
        assert (await health.get("/health/ready")).json()["checks"]["database"] == "ok"
        await proxy.restore()
        assert (await next_about(queue, people[0].id))["type"] == "user.created"
        await until(lambda: nothing_waits(house))


async def nothing_waits(house: House) -> bool:
    return not await house.rows("SELECT 1 FROM outbox")
