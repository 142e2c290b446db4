"""The servers of a shop on which nothing runs, and an operator who works on them."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aio_pika
import asyncpg
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, HeadersType
from typer.testing import CliRunner

from libs.broker import topology
from libs.broker.topology import RETRY_DELAYS, RetryDelay
from libs.contracts.auth import UserUpdated
from libs.contracts.topology import ORDER_USERS, QUEUES, Queue
from libs.process.ids import new_id
from libs.testing.envelope import Envelope
from libs.testing.wait import until
from ops.cli import container
from ops.stack.paths import REPOSITORY

QUICK = tuple(RetryDelay(delay.name, timedelta(milliseconds=50)) for delay in RETRY_DELAYS)


@dataclass
class Done:
    code: int
    out: str
    errors: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Floor:
    environment: Mapping[str, str]
    channel: AbstractChannel

    @property
    def amqp_url(self) -> str:
        return self.environment["AMQP_URL"]

    async def operator(self, *arguments: str, typed: str = "", **environment: str) -> Done:
        """`./shop ARGUMENTS`."""
        result = await asyncio.to_thread(
            CliRunner().invoke, container.app, arguments, input=typed, env={**self.environment, **environment}
        )
        return Done(result.exit_code, result.stdout, result.stderr)

    async def process(self, *arguments: str, **environment: str) -> Done:
        """The same in a process of its own, which may be killed and run beside others."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ops.cli.container", *arguments),
            cwd=REPOSITORY,
            env={**os.environ, **self.environment, **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate()
        return Done(process.returncode or 0, out.decode(), errors.decode())

    async def clear(self) -> None:
        await topology.declare(self.amqp_url, retry_delays=QUICK)
        for name in (name for queue in QUEUES for name in (queue.name, queue.parked)):
            await (await self.channel.declare_queue(name, passive=True)).purge()

    async def ready(self, name: str) -> int:
        found = await self.channel.declare_queue(name, passive=True)
        return found.declaration_result.message_count or 0

    async def take(self, name: str) -> list[AbstractIncomingMessage]:
        """Everything, for good."""
        found = await self.channel.declare_queue(name, passive=True)
        taken = []
        while (message := await found.get(fail=False, no_ack=True)) is not None:
            taken.append(message)
        return taken

    async def park(self, queue: Queue = ORDER_USERS, count: int = 1, error: str = "ValueError: boom") -> list[str]:
        """Events that failed; their ids, oldest first."""
        ids = [str(new_id()) for _ in range(count)]
        before = await self.ready(queue.parked)
        exchange = self.channel.default_exchange
        for event_id in ids:
            await exchange.publish(parked(event_id, queue, error), queue.parked)
        await until(lambda: self.holds(queue.parked, before + count))
        return ids

    async def park_message(self, message: aio_pika.Message, queue: Queue = ORDER_USERS) -> None:
        before = await self.ready(queue.parked)
        await self.channel.default_exchange.publish(message, queue.parked)
        await until(lambda: self.holds(queue.parked, before + 1))

    async def parked_ids(self, queue: Queue = ORDER_USERS) -> list[str]:
        return [each["id"] for each in (await self.operator("parked", "list", queue.name, "--json")).json]

    async def rows(self, service: str, statement: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.environment[f"{service.upper()}_DATABASE_URL"])
        try:
            found: list[asyncpg.Record] = await connection.fetch(statement, *values)
            return found
        finally:
            await connection.close()

    async def holds(self, name: str, count: int) -> bool:
        return await self.ready(name) == count


def parked(event_id: str, queue: Queue, error: str = "ValueError: boom") -> aio_pika.Message:
    """As it is after its retries."""
    headers: HeadersType = {"aggregate-version": 3, "traceparent": "00-1-2-01"}
    notes: HeadersType = {
        "attempt": 4,
        "error": error,
        "first-failed-at": "2026-01-02T03:04:05.678Z",
        "queue": queue.name,
    }
    return aio_pika.Message(
        event_body(event_id),
        headers={**headers, **notes},
        content_type="application/cloudevents+json",
        correlation_id="story-1",
        delivery_mode=2,
        message_id=event_id,
        timestamp=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        type="user.updated",
        app_id="/auth",
    )


def event_body(event_id: str) -> bytes:
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    event = UserUpdated(
        id=new_id(),
        email="ada@example.com",
        username="ada",
        role="user",
        is_active=True,
        version=3,
        created_at=moment,
        updated_at=moment,
    )
    return Envelope(
        id=event_id,
        source=event.source,
        type=event.type,
        subject=event.subject,
        time=moment,
        sequence=event.sequence,
        correlation_id="story-1",
        data=event.model_dump(mode="json"),
    ).encode()


def ids_of(messages: Sequence[AbstractIncomingMessage]) -> list[str | None]:
    return [message.message_id for message in messages]
