"""Spans of a message: from the outbox to the broker's confirm, and from a consumer's taking it to its settling it."""

import time
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from aio_pika.abc import AbstractIncomingMessage
from opentelemetry.trace import SpanKind

from libs.contracts.topology import Exchange
from libs.observability.tracing import enabled, span


def producer_span(
    exchange: Exchange, event_type: str, event_id: str, stored_at: datetime, trace: str | None
) -> AbstractContextManager[str | None]:
    """Goes on from what stored the event; readers go on from it."""
    if not enabled():
        # Each event of a shop comes through here.
        return nullcontext(trace)
    return span(
        f"publish {event_type}",
        trace,
        SpanKind.PRODUCER,
        messaging_system="rabbitmq",
        messaging_destination_name=exchange.name,
        messaging_message_id=event_id,
        shop_outbox_seconds=time.time() - stored_at.timestamp(),
    )


def consumer_span(queue: str, message: AbstractIncomingMessage) -> AbstractContextManager[str | None]:
    given = message.headers.get("traceparent")
    trace = given if isinstance(given, str) else None
    if not enabled():
        return nullcontext(trace)
    return span(
        f"handle {queue}",
        trace,
        SpanKind.CONSUMER,
        messaging_system="rabbitmq",
        messaging_destination_name=queue,
        messaging_message_id=message.message_id or "",
        messaging_message_type=message.type or "",
    )
