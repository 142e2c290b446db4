"""Declares the shop's exchanges and queues: one idempotent step, before anything is published.

Every worker declares everything, so that no event finds a queue missing because its reader has not started yet. But
it binds nothing: who publishes does that, because it knows what a queue has missed (`libs.outbox.binding_repair`).
All arguments mean the same on RabbitMQ 3.10 and 4.x; what their defaults differ in is set.
"""

import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aio_pika.abc import AbstractChannel, AbstractQueue, ExchangeType
from aio_pika.exceptions import ChannelNotFoundEntity

from libs.broker.connection import broker_timeout, close_quietly, connect
from libs.contracts.topology import EXCHANGES, QUEUES, TRACE, DynamicQueue, Exchange, Queue, StaticQueue

logger = logging.getLogger(__name__)

# For all of it. What a slow broker has made by then is there when it is tried again.
DECLARE_TIMEOUT = 60.0
TRACE_LENGTH = 10_000
# Every lost connection counts as a delivery of what was merely prefetched, so a small limit throws out the innocent.
DELIVERY_LIMIT = 1_000
# A person who looks into a parked queue and puts the messages back must not use them up.
PARKED_DELIVERY_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class RetryDelay:
    """How long a message that failed waits before it is tried again."""

    name: str
    delay: timedelta


RETRY_DELAYS = (
    RetryDelay("5s", timedelta(seconds=5)),
    RetryDelay("30s", timedelta(seconds=30)),
    RetryDelay("5m", timedelta(minutes=5)),
)


@dataclass(frozen=True, slots=True)
class Binding:
    """Of a queue to the exchange in question."""

    queue: str
    key: str


async def declare(
    amqp_url: str,
    *,
    exchanges: Sequence[Exchange] = EXCHANGES,
    queues: Sequence[Queue] = QUEUES,
    retry_delays: Sequence[RetryDelay] = RETRY_DELAYS,
) -> None:
    """Raises what aio-pika raises while the broker is away or where something of the same name is different."""
    async with _channel(amqp_url) as channel:
        await _declare(channel, exchanges, queues, retry_delays)


async def bind(
    amqp_url: str, queues: Sequence[StaticQueue | DynamicQueue] = QUEUES, exchanges: Sequence[Exchange] = EXCHANGES
) -> None:
    """Whether they were bound before or not. What they have missed, they have missed. Dynamic ones get everything."""
    async with _channel(amqp_url) as channel:
        for queue in queues:
            bound = await channel.get_queue(queue.name, ensure=False)
            if isinstance(queue, StaticQueue):
                for pattern in queue.patterns:
                    await bound.bind(queue.exchange.name, pattern)
            else:
                for exchange in exchanges:
                    await bound.bind(exchange.name, "#")


async def rebind(amqp_url: str, exchange: Exchange, *, old: Iterable[Binding], new: Iterable[Binding]) -> None:
    """Removes the old ones, then makes the new ones, each in the order given."""
    async with _channel(amqp_url) as channel:
        for binding in old:
            await (await channel.get_queue(binding.queue, ensure=False)).unbind(exchange.name, binding.key)
        for binding in new:
            await (await channel.get_queue(binding.queue, ensure=False)).bind(exchange.name, binding.key)


@asynccontextmanager
async def _channel(amqp_url: str) -> AsyncIterator[AbstractChannel]:
    connection = await connect(amqp_url)
    try:
        async with broker_timeout(DECLARE_TIMEOUT):
            yield await connection.channel()
    finally:
        await close_quietly(connection)


async def _declare(
    channel: AbstractChannel, exchanges: Sequence[Exchange], queues: Sequence[Queue], retry_delays: Sequence[RetryDelay]
) -> None:
    for exchange in exchanges:
        await channel.declare_exchange(exchange.name, ExchangeType.TOPIC, durable=True)
    for queue in queues:
        await _declare_queue(channel, queue, retry_delays)
    await _declare_trace(channel, exchanges)


async def _declare_trace(channel: AbstractChannel, exchanges: Sequence[Exchange]) -> None:
    """Comes last: where it fails, the channel is gone."""
    trace: dict[str, Any] = {"x-queue-type": "classic", "x-max-length": TRACE_LENGTH, "x-overflow": "drop-head"}
    try:
        newest = await channel.declare_queue(TRACE, durable=True, arguments=trace)
        for exchange in exchanges:
            await newest.bind(exchange.name, "#")
    except ChannelNotFoundEntity as error:
        # One broker of a cluster keeps it, and is down. It is for people to read: events do not wait for it.
        logger.warning("%s is away: %s", TRACE, error)


async def _declare_queue(channel: AbstractChannel, queue: Queue, retry_delays: Sequence[RetryDelay]) -> None:
    # The places that a message may have to go to are there before the queue that it comes from.
    await _quorum(channel, queue.parked, {"x-delivery-limit": PARKED_DELIVERY_LIMIT})
    await _quorum(channel, queue.name, {"x-delivery-limit": DELIVERY_LIMIT, **_dead_letters_to(queue.parked)})
    for each in retry_delays:
        await _quorum(
            channel,
            queue.retry(each.name),
            {"x-message-ttl": int(each.delay.total_seconds() * 1000), **_dead_letters_to(queue.name)},
        )


def _dead_letters_to(queue: str) -> dict[str, Any]:
    """At least once: a message leaves the one quorum queue when the other has confirmed it.

    Classic queues have TTLs as well, but forget a message before its next queue has it. The strategy needs an
    overflow that rejects; as no length is limited, nothing ever is.
    """
    return {
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": queue,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


async def _quorum(channel: AbstractChannel, name: str, arguments: dict[str, Any]) -> AbstractQueue:
    return await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum", **arguments})
