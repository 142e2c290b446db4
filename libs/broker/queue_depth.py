"""How much waits in a service's queues, told to Prometheus by the worker that reads them."""

import asyncio
from collections.abc import Sequence
from typing import Final

from aio_pika.abc import AbstractChannel
from prometheus_client import Gauge

from libs.broker.connection import BROKER_ERRORS, broker_timeout, close_quietly, connect
from libs.broker.topology import RETRY_DELAYS, RetryDelay
from libs.contracts.topology import Queue
from libs.process.cancellation import raise_if_cancelled

INTERVAL: Final = 5.0
ANSWER_TIMEOUT: Final = 5.0

MESSAGES: Final = Gauge(
    "queue_messages",
    "Messages that no consumer holds: waiting to be read, for their next try, or parked",
    ["queue", "place"],
    multiprocess_mode="mostrecent",
)


class QueueDepthExporter:
    """On a connection of its own: what reads must not wait for what only counts."""

    def __init__(
        self, amqp_url: str, queues: Sequence[Queue], retry_delays: Sequence[RetryDelay] = RETRY_DELAYS
    ) -> None:
        self._amqp_url = amqp_url
        self._queues = queues
        self._retry_delays = retry_delays

    async def run(self) -> None:
        """Until it is cancelled. That the broker is away, or a queue, is said by those who need it."""
        while True:
            try:
                await self._measure()
            except BROKER_ERRORS:
                raise_if_cancelled()
            await asyncio.sleep(INTERVAL)

    async def _measure(self) -> None:
        """Until something goes wrong."""
        connection = await connect(self._amqp_url)
        try:
            channel = await connection.channel(publisher_confirms=False)
            while True:
                async with broker_timeout(ANSWER_TIMEOUT):
                    for queue in self._queues:
                        await self._measure_queue(channel, queue)
                await asyncio.sleep(INTERVAL)
        finally:
            await close_quietly(connection)

    async def _measure_queue(self, channel: AbstractChannel, queue: Queue) -> None:
        retrying = [await _count(channel, queue.retry(delay.name)) for delay in self._retry_delays]
        MESSAGES.labels(queue.name, "waiting").set(await _count(channel, queue.name))
        MESSAGES.labels(queue.name, "retrying").set(sum(retrying))
        MESSAGES.labels(queue.name, "parked").set(await _count(channel, queue.parked))


async def _count(channel: AbstractChannel, name: str) -> int:
    found = await channel.declare_queue(name, passive=True)
    return found.declaration_result.message_count or 0
