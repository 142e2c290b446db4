"""One batch of the outbox: taken, published, and either moved to `outbox_sent` or deferred."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import asyncpg
from aio_pika.exceptions import DeliveryError, PublishError
from aiormq import Channel
from aiormq.exceptions import AMQPChannelError

from libs.backoff import Backoff
from libs.broker.cloudevents import encode, properties
from libs.broker.confirmed_channel import CONFIRM_TIMEOUT
from libs.broker.connection import BROKER_ERRORS
from libs.broker.pipelined_publish import Confirm, EncodedMessage, encode_frames, publish_many
from libs.broker.spans import producer_span
from libs.contracts.topology import Exchange

# The payload as text: it goes into the envelope as it is.
LOCK_BATCH = """
    SELECT id, event_id::text, aggregate_id::text, version, type, created_at, payload::text,
           coalesce(headers ->> 'correlation_id', '-') AS correlation_id, headers ->> 'traceparent' AS traceparent,
           queue
    FROM outbox WHERE next_attempt_at <= now()
    ORDER BY next_attempt_at, id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
MOVE_TO_SENT = """
    WITH moved AS (DELETE FROM outbox WHERE id = ANY($1::bigint[]) RETURNING *)
    INSERT INTO outbox_sent
        (id, event_id, aggregate, aggregate_id, version, type, payload, headers, created_at, attempts, queue)
    SELECT id, event_id, aggregate, aggregate_id, version, type, payload, headers, created_at, attempts, queue
    FROM moved
"""
BACKOFF = Backoff(first=1.0, longest=300.0)
DEFER = f"""
    UPDATE outbox SET attempts = attempts + 1, last_error = failed.error,
           next_attempt_at = now() + {BACKOFF.sql("attempts + 1")}
    FROM unnest($1::bigint[], $2::text[]) AS failed (id, error) WHERE outbox.id = failed.id
"""  # noqa: S608 - made of constants


@dataclass(slots=True)
class PublishResult:
    confirmed: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    nacked: bool = False
    """The broker refused something, and nobody can tell whether because of the message or of the channel."""
    broken: BaseException | None = None
    """What happened to the channel. Rows that are neither confirmed nor refused stay as they are: not their fault."""
    remaining: int = 0
    """So many rows were not sent, and may be in the next batch."""


async def lock_batch(connection: asyncpg.Connection, limit: int) -> Sequence[asyncpg.Record]:
    rows: Sequence[asyncpg.Record] = await connection.fetch(LOCK_BATCH, limit)
    return rows


async def publish(channel: Channel, exchange: Exchange, rows: Sequence[asyncpg.Record]) -> PublishResult:
    """Sends all, then waits for all confirms. Of the rows of one event it sends the first and leaves the rest.

    What no queue takes comes back with its event's id alone, by which two of them could not be told apart.
    """
    together: dict[str, asyncpg.Record] = {}
    for row in rows:
        together.setdefault(row["event_id"], row)
    messages: dict[int, EncodedMessage] = {}
    unfit: list[tuple[int, str]] = []
    with ExitStack() as spans:
        for row in together.values():
            try:
                messages[row["id"]] = _message(channel, exchange, row, spans)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this row's, and no other's.
                unfit.append((row["id"], f"{type(error).__name__}: {error}"))
        try:
            async with publish_many(channel, list(messages.values())) as confirms:
                if confirms:
                    await asyncio.wait(confirms, timeout=CONFIRM_TIMEOUT)
                published = _result(list(messages), confirms)
        except BROKER_ERRORS as error:
            published = PublishResult(broken=error)
    published.refused += unfit
    published.remaining = len(rows) - len(together)
    return published


def _result(numbers: Sequence[int], confirms: Sequence[Confirm]) -> PublishResult:
    published = PublishResult()
    silent: list[int] = []
    for number, confirm in zip(numbers, confirms, strict=True):
        if not confirm.done():
            silent.append(number)
        elif (error := confirm.exception()) is None:
            published.confirmed.append(number)
        elif isinstance(error, PublishError):
            published.refused.append((number, "unroutable: no queue takes it"))
        elif isinstance(error, DeliveryError):
            published.refused.append((number, "refused by the broker"))
            published.nacked = True
        elif isinstance(error, BROKER_ERRORS):
            # Among the errors of a channel that was closed, one is the broker's reason.
            if published.broken is None or isinstance(error, AMQPChannelError):
                published.broken = error
        else:
            published.refused.append((number, f"{type(error).__name__}: {error}"))
    if silent:
        published.broken = published.broken or TimeoutError("no confirm")
    if published.confirmed:
        # The broker is there, but for one of these rows' queues. They must not be the first again and again.
        published.refused += [(each, "not confirmed") for each in silent]
    return published


async def settle(connection: asyncpg.Connection, published: PublishResult) -> None:
    if published.confirmed:
        await connection.execute(MOVE_TO_SENT, published.confirmed)
    if published.refused:
        ids, errors = zip(*published.refused, strict=True)
        await connection.execute(DEFER, ids, errors)


def _message(channel: Channel, exchange: Exchange, row: asyncpg.Record, spans: ExitStack) -> EncodedMessage:
    number, event_id, aggregate_id, version, event_type, created_at, payload, correlation_id, traceparent, queue = row
    del number
    trace = spans.enter_context(producer_span(exchange, event_type, event_id, created_at, traceparent))
    return encode_frames(
        channel,
        # The default exchange takes it to the queue that it is for.
        "" if queue else exchange.name,
        queue or event_type,
        properties(
            event_id=event_id,
            source=exchange.source,
            event_type=event_type,
            time=created_at,
            sequence=version,
            correlation_id=correlation_id,
            traceparent=trace,
        ),
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
    )
