"""Publishing with confirmation, on a connection of its own, and only after the topology stands."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import cast

import aio_pika
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import AMQPError
from aiormq import Channel, spec
from yarl import URL

CONNECT_TIMEOUT = 5.0
CONFIRM_TIMEOUT = 30.0
HEARTBEAT = 10
# What aio-pika raises while the broker is away, goes away, or refuses; OSError includes TimeoutError.
BROKER_ERRORS = (AMQPError, OSError, RuntimeError)

Declare = Callable[[], Awaitable[None]]


def with_heartbeat(amqp_url: str) -> str:
    """A connection whose other end vanished without a word is noticed after two heartbeats."""
    url = URL(amqp_url)
    return str(url if "heartbeat" in url.query else url.update_query(heartbeat=HEARTBEAT))


class Publisher:
    """Never shares its connection: a broker short of memory stops those that publish, not those that read."""

    def __init__(self, amqp_url: str, declare: Declare) -> None:
        self._amqp_url = with_heartbeat(amqp_url)
        self._declare = declare
        self._opening = asyncio.Lock()
        self._connection: AbstractConnection | None = None
        self._channel: Channel | None = None

    @property
    def connected(self) -> bool:
        return self._channel is not None and not self._channel.is_closed

    async def open(self) -> Channel:
        """The open channel, or a new one. It tells of messages that no queue takes by raising."""
        async with self._opening:
            if self._channel is None or self._channel.is_closed:
                await self.aclose()
                await self._declare()
                self._connection = await aio_pika.connect(self._amqp_url, timeout=CONNECT_TIMEOUT)
                channel = self._connection.channel(publisher_confirms=True, on_return_raises=True)
                await channel.initialize(timeout=CONNECT_TIMEOUT)
                self._channel = cast(Channel, await channel.get_underlay_channel())
            return self._channel

    async def send(self, queue: str, body: bytes, properties: spec.Basic.Properties) -> None:
        """Returns when the queue has the message for good; raises one of BROKER_ERRORS if it may not."""
        try:
            async with asyncio.timeout(CONFIRM_TIMEOUT):
                channel = await self.open()
                await channel.basic_publish(body, routing_key=queue, properties=properties, mandatory=True)
        except asyncio.CancelledError:
            # A broker that froze ends what waits for it in this way; a real cancellation is counted by the task.
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            await self.aclose()
            raise ConnectionError("the broker does not answer") from None
        except BROKER_ERRORS:
            # Whatever it was, opening again declares what may be missing.
            await self.aclose()
            raise

    async def aclose(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(*BROKER_ERRORS):
                async with asyncio.timeout(CONNECT_TIMEOUT):
                    await connection.close()
