"""RabbitMQ as the other services meet it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractQueue

from libs.broker import topology
from libs.contracts.base import Event
from libs.contracts.topology import ORDER_EVENTS, Exchange
from libs.process.ids import new_id
from libs.testing.envelope import Envelope
from order_service.tests.integration.shop import Json


class Bus:
    """The other services, as far as RabbitMQ knows them."""

    def __init__(self, channel: AbstractChannel, orders: AbstractQueue) -> None:
        self._channel = channel
        self._orders = orders
        self._seen: list[Json] = []

    async def tell(self, exchange: Exchange, event: Event, *, times: int = 1, story: str = "a-request") -> None:
        envelope = Envelope(
            id=str(new_id()),
            source=exchange.source,
            type=event.type,
            subject=event.subject,
            time=datetime.now(UTC),
            sequence=event.sequence,
            correlation_id=story,
            data=json.loads(event.model_dump_json()),
        )
        target = await self._channel.get_exchange(exchange.name)
        for _ in range(times):
            await target.publish(aio_pika.Message(envelope.encode()), event.type)

    async def told(self, order_id: str) -> list[Json]:
        """The events of one order that have arrived so far."""
        while (message := await self._orders.get(fail=False, no_ack=True)) is not None:
            self._seen.append(json.loads(message.body))
        return [event for event in self._seen if event["subject"] == order_id]


@asynccontextmanager
async def on_the_bus(amqp_url: str) -> AsyncIterator[Bus]:
    await topology.declare(amqp_url)
    await topology.bind(amqp_url)
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(ORDER_EVENTS.name, "#")
        yield Bus(channel, queue)
