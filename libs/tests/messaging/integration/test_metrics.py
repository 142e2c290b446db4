"""What Prometheus is told of consumers and their queues."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import aio_pika
import pytest
from faststream.rabbit import RabbitRouter
from prometheus_client import REGISTRY

from libs.broker import queue_depth
from libs.broker.queue_depth import QueueDepthExporter
from libs.consumers.inject import Inject
from libs.consumers.runner import ConsumerRunner
from libs.consumers.subscriber import subscriber
from libs.process.ids import new_id
from libs.testing.proxy import Proxy
from libs.testing.wait import until
from libs.tests.messaging.shop import Shop, running
from libs.tests.messaging.things import ThingChanged, ThingEvent


def thing() -> ThingChanged:
    return ThingChanged(id=new_id(), version=1, name="thing")


@asynccontextmanager
async def consuming(shop: Shop, heard: list[ThingEvent]) -> AsyncIterator[None]:
    router = RabbitRouter()

    @subscriber(router, shop.queue, ThingEvent)
    async def things_changed(events: list[ThingEvent], heard: Annotated[list[ThingEvent], Inject("heard")]) -> None:
        heard.extend(events)

    consumption = ConsumerRunner(shop.transactions, shop.amqp_url, [router], {"heard": heard}, declare=shop.declare)
    async with running(consumption.run), running(shop.relay().run):
        yield
        await consumption.stop()


async def test_the_age_of_news_is_told_and_not_that_of_what_is_told_again(shop: Shop) -> None:
    labels = {"queue": shop.queue.name}
    value = REGISTRY.get_sample_value
    heard: list[ThingEvent] = []
    async with consuming(shop, heard):
        await shop.store(thing())
        await until(lambda: value("consumer_event_age_seconds_count", labels) == 1)
        await shop.store(thing(), queue=shop.queue.name)
        await until(lambda: value("consumer_messages_total", {**labels, "outcome": "done"}) == 2)
    assert value("consumer_event_age_seconds_count", labels) == 1
    assert 0 < (value("consumer_event_age_seconds_sum", labels) or 0) < 30
    assert value("consumer_handling_seconds_count", labels) == 2


async def test_what_waits_is_told_by_where_it_waits(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_depth, "INTERVAL", 0.05)
    await shop.declare()
    places = {"waiting": shop.queue.name, "retrying": shop.queue.retry("5m"), "parked": shop.queue.parked}
    for number, name in enumerate(places.values(), 1):
        for _ in range(number):
            await shop.channel.default_exchange.publish(aio_pika.Message(b"x", delivery_mode=2), name)

    def told(place: str) -> float | None:
        return REGISTRY.get_sample_value("queue_messages", {"queue": shop.queue.name, "place": place})

    async with Proxy(shop.amqp_url) as broker, running(QueueDepthExporter(broker.url, [shop.queue]).run):
        await until(lambda: (told("waiting"), told("retrying"), told("parked")) == (1, 2, 3))
        await broker.cut()
        await shop.take(shop.queue.parked, 3)
        await broker.restore()
        await until(lambda: told("parked") == 0)
