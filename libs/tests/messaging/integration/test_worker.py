"""The process beside the API tells what it lacks and takes up its work when that comes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI
from faststream.rabbit import RabbitRouter

from libs.broker.connection import BrokerAddress
from libs.consumers.inject import Inject
from libs.consumers.subscriber import subscriber
from libs.contracts.auth import UserDeleted, UserEvent
from libs.contracts.topology import AUTH_EVENTS, CATALOG_USERS
from libs.database.database import Database
from libs.process.ids import new_id
from libs.testing.proxy import Proxy
from libs.testing.wait import until
from libs.tests.messaging.shop import Shop
from libs.worker import PeriodicTask, create_worker_app

router = RabbitRouter()


# The queue is the shop's, and the services' tests may have left events in it.
@subscriber(router, CATALOG_USERS, UserEvent)
async def users_changed(events: list[UserEvent], heard: Annotated[list[UserEvent], Inject("heard")]) -> None:
    heard.extend(events)


def worker(database_url: str, amqp_url: str, heard: list[UserEvent]) -> FastAPI:
    return create_worker_app(
        database_url=database_url,
        timers=Database(database_url, pool_size=5),
        broker=BrokerAddress(amqp_url),
        publishes=AUTH_EVENTS,
        routers=[router],
        context={"heard": heard},
    )


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://worker") as client:
            yield client


async def ready(client: httpx.AsyncClient) -> dict[str, str]:
    answer = await client.get("/health/ready")
    body: dict[str, str] = answer.json()["checks"]
    assert (answer.status_code == 200) == all(verdict == "ok" for verdict in body.values())
    return {name: verdict for name, verdict in body.items() if verdict != "ok"}


async def test_what_is_stored_is_heard(shop: Shop) -> None:
    heard: list[UserEvent] = []
    event = UserDeleted(id=new_id(), version=3)
    async with served(worker(shop.database_url, shop.amqp_url, heard)) as client:
        await until(lambda: _nothing_lacks(client))
        await shop.store(event)
        await until(lambda: event in heard)
        told = (
            "outbox_pending",
            'database_pool_limit{pool="timers"} 5.0',
            'consumer_messages_total{outcome="done",queue="catalog.users"}',
        )
        await until(lambda: _tells(client, told))
    assert heard.count(event) == 1


async def test_it_starts_while_everything_is_away(shop: Shop) -> None:
    heard: list[UserEvent] = []
    async with Proxy(shop.database_url) as database, Proxy(shop.amqp_url) as broker:
        await database.cut()
        await broker.cut()
        async with served(worker(database.url, broker.url, heard)) as client:
            assert (await client.get("/health/live")).status_code == 200
            assert set(await ready(client)) == {"database", "broker", "relay", "consumers"}
            await broker.restore()
            await until(lambda: _lacks(client, {"database", "relay"}))
            await database.restore()
            await until(lambda: _nothing_lacks(client))
            event = UserDeleted(id=new_id(), version=1)
            await shop.store(event)
            await until(lambda: event in heard)


async def test_it_says_what_went_away(shop: Shop) -> None:
    async with (
        Proxy(shop.database_url) as database,
        Proxy(shop.amqp_url) as broker,
        served(worker(database.url, broker.url, [])) as client,
    ):
        await until(lambda: _nothing_lacks(client))
        await broker.cut()
        await until(lambda: _lacks(client, {"broker", "relay", "consumers"}))
        await broker.restore()
        await until(lambda: _nothing_lacks(client))
        await database.cut()
        await until(lambda: _lacks(client, {"database", "relay"}))
        assert (await client.get("/health/live")).status_code == 200
        await database.restore()
        await until(lambda: _nothing_lacks(client))


async def test_a_timer_goes_on_after_a_failure(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise ValueError("once")

    app = create_worker_app(
        database_url=shop.database_url,
        timers=Database(shop.database_url, pool_size=1),
        broker=BrokerAddress(shop.amqp_url),
        publishes=AUTH_EVENTS,
        periodic=[PeriodicTask("timer", 0.01, work)],
    )
    async with served(app) as client:
        await until(lambda: runs > 2)
        await until(lambda: _nothing_lacks(client))
    assert "starts again" in caplog.text


async def _nothing_lacks(client: httpx.AsyncClient) -> bool:
    return not await ready(client)


async def _lacks(client: httpx.AsyncClient, names: set[str]) -> bool:
    return set(await ready(client)) == names


async def _tells(client: httpx.AsyncClient, wanted: Sequence[str]) -> bool:
    metrics = (await client.get("/metrics")).text
    return all(each in metrics for each in wanted)
