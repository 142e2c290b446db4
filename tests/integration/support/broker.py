"""Listening to the shop's events, as anybody may who is let into the broker."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import aio_pika
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustConnection

from tests.integration.support.clients import Json
from tests.integration.support.wait import until

EXCHANGES = ("auth.events", "catalog.events", "order.events")


@dataclass(frozen=True)
class Heard:
    exchange: str
    message: AbstractIncomingMessage
    event: Json

    @property
    def type(self) -> str:
        return str(self.event["type"])


@dataclass
class Tap:
    """Everything that was published since it was opened, in a queue of its own that goes when it closes."""

    heard: list[Heard] = field(default_factory=list)

    async def open(self, connection: AbstractRobustConnection) -> None:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        for exchange in EXCHANGES:
            await queue.bind(exchange, "#")
        await queue.consume(self._take, no_ack=True)

    async def _take(self, message: AbstractIncomingMessage) -> None:
        self.heard.append(Heard(message.exchange or "", message, json.loads(message.body)))

    def of(self, request_id: str) -> list[Heard]:
        """What one request has caused, however far it went."""
        return [heard for heard in self.heard if heard.message.correlation_id == request_id]

    def about(self, subject: str) -> list[Heard]:
        return [heard for heard in self.heard if heard.event.get("subject") == subject]

    async def until(self, find: Callable[[], list[Heard]], *types: str) -> list[Heard]:
        """What `find` finds, once it includes all these types."""

        async def look() -> list[Heard]:
            return find()

        return await until(look, lambda seen: {heard.type for heard in seen} >= set(types))


async def connect(url: str) -> AbstractRobustConnection:
    return await aio_pika.connect_robust(url, timeout=10)
