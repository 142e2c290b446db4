"""Publishing with confirmation, on a connection of its own, and only after the topology stands."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

from aio_pika.abc import AbstractConnection
from aiormq import Channel, spec

from libs.broker.connection import BROKER_ERRORS, CONNECT_TIMEOUT, broker_timeout, close_quietly, connect

CONFIRM_TIMEOUT = 30.0

Declare = Callable[[], Awaitable[None]]


class ConfirmedChannel:
    """Never shares its connection: a broker short of memory stops those that publish, not those that read."""

    def __init__(self, amqp_url: str, declare: Declare) -> None:
        self._amqp_url = amqp_url
        self._declare = declare
        self._opening = asyncio.Lock()
        self._connection: AbstractConnection | None = None
        self._channel: Channel | None = None

    async def open(self) -> Channel:
        """The open channel, or a new one. It tells of messages that no queue takes by raising."""
        async with self._opening:
            if self._channel is None or self._channel.is_closed:
                await self.aclose()
                await self._declare()
                self._connection = await connect(self._amqp_url)
                channel = self._connection.channel(publisher_confirms=True, on_return_raises=True)
                async with broker_timeout(CONNECT_TIMEOUT):
                    await channel.initialize()
                    self._channel = cast(Channel, await channel.get_underlay_channel())
            return self._channel

    async def send(self, queue: str, body: bytes, properties: spec.Basic.Properties) -> None:
        """Returns when the queue has the message for good; raises one of BROKER_ERRORS if it may not."""
        channel = await self.open()
        try:
            async with broker_timeout(CONFIRM_TIMEOUT):
                await channel.basic_publish(body, routing_key=queue, properties=properties, mandatory=True)
        except BROKER_ERRORS:
            # Whatever it was, opening again declares what may be missing. Unless somebody has done so meanwhile.
            if channel is self._channel:
                await self.aclose()
            raise

    async def aclose(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            await close_quietly(connection)
