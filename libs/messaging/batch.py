"""One batch of the outbox: taken, published, and either moved to `outbox_sent` or put off."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg
from aio_pika.exceptions import DeliveryError, PublishError
from aiormq import Channel
from aiormq.exceptions import AMQPChannelError

from libs.contracts.topology import Exchange
from libs.messaging.cloudevents import encode, properties
from libs.messaging.connection import BROKER_ERRORS
from libs.messaging.publisher import CONFIRM_TIMEOUT
from libs.messaging.spans import publishing

# The payload as text: it goes into the envelope as it is.
TAKE = """
    SELECT id, event_id::text, aggregate_id::text, version, type, created_at, payload::text,
           coalesce(headers ->> 'correlation_id', '-') AS correlation_id, headers ->> 'traceparent' AS traceparent,
           queue
    FROM outbox WHERE next_attempt_at <= now()
    ORDER BY next_attempt_at, id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
MOVE = """
    WITH moved AS (DELETE FROM outbox WHERE id = ANY($1::bigint[]) RETURNING *)
    INSERT INTO outbox_sent
        (id, event_id, aggregate, aggregate_id, version, type, payload, headers, created_at, attempts, queue)
    SELECT id, event_id, aggregate, aggregate_id, version, type, payload, headers, created_at, attempts, queue
    FROM moved
"""
# 1, 2, 4 … seconds, at most five minutes.
PUT_OFF = """
    UPDATE outbox SET attempts = attempts + 1, last_error = failed.error,
           next_attempt_at = now() + least(interval '5 minutes', interval '1 second' * 2 ^ least(attempts, 9))
    FROM unnest($1::bigint[], $2::text[]) AS failed (id, error) WHERE outbox.id = failed.id
"""


@dataclass(slots=True)
class Published:
    confirmed: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    nacked: bool = False
    """The broker refused something, and nobody can tell whether because of the message or of the channel."""
    broken: BaseException | None = None
    """What happened to the channel. Rows that are neither confirmed nor refused stay as they are: not their fault."""


async def take(connection: asyncpg.Connection, limit: int) -> Sequence[asyncpg.Record]:
    rows: Sequence[asyncpg.Record] = await connection.fetch(TAKE, limit)
    return rows


async def publish(channel: Channel, exchange: Exchange, rows: Sequence[asyncpg.Record]) -> Published:
    """Sends all, then waits for all confirms."""
    tasks = [asyncio.ensure_future(_publish(channel, exchange, row)) for row in rows]
    try:
        await asyncio.wait(tasks, timeout=CONFIRM_TIMEOUT)
    finally:
        for task in tasks:
            task.cancel()
    return _judge(rows, tasks)


def _judge(rows: Sequence[asyncpg.Record], tasks: Sequence[asyncio.Future[None]]) -> Published:
    published = Published()
    silent: list[int] = []
    for row, task in zip(rows, tasks, strict=True):
        if task.cancelled() or not task.done():
            silent.append(row["id"])
        elif (error := task.exception()) is None:
            published.confirmed.append(row["id"])
        elif isinstance(error, PublishError):
            published.refused.append((row["id"], "unroutable: no queue takes it"))
        elif isinstance(error, DeliveryError):
            published.refused.append((row["id"], "refused by the broker"))
            published.nacked = True
        elif isinstance(error, BROKER_ERRORS):
            # Among the errors of a channel that was closed, one is the broker's reason.
            if published.broken is None or isinstance(error, AMQPChannelError):
                published.broken = error
        else:
            published.refused.append((row["id"], f"{type(error).__name__}: {error}"))
    if silent:
        published.broken = published.broken or TimeoutError("no confirm")
    if published.confirmed:
        # The broker is there, but for one of these rows' queues. They must not be the first again and again.
        published.refused += [(number, "not confirmed") for number in silent]
    return published


async def settle(connection: asyncpg.Connection, published: Published) -> None:
    if published.confirmed:
        await connection.execute(MOVE, published.confirmed)
    if published.refused:
        ids, errors = zip(*published.refused, strict=True)
        await connection.execute(PUT_OFF, ids, errors)


async def _publish(channel: Channel, exchange: Exchange, row: asyncpg.Record) -> None:
    number, event_id, aggregate_id, version, event_type, created_at, payload, correlation_id, traceparent, queue = row
    del number
    with publishing(exchange, event_type, event_id, created_at, traceparent) as trace:
        await channel.basic_publish(
            encode(
                event_id=event_id,
                source=exchange.source,
                event_type=event_type,
                subject=aggregate_id,
                time=created_at,
                sequence=version,
                correlation_id=correlation_id,
                data=payload,
            ),
            # The default exchange takes it to the queue that it is for.
            exchange="" if queue else exchange.name,
            routing_key=queue or event_type,
            properties=properties(
                event_id=event_id,
                source=exchange.source,
                event_type=event_type,
                time=created_at,
                sequence=version,
                correlation_id=correlation_id,
                traceparent=trace,
            ),
            mandatory=True,
            # The confirm says more than a drained socket does.
            wait=False,
        )
