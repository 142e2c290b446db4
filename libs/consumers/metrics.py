"""What is told of each message that has left its queue: to Prometheus, and as one line to the log."""

import time
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from typing import Final

from aio_pika.abc import AbstractIncomingMessage
from prometheus_client import Counter, Histogram

from libs.observability.logs import Log

MESSAGES: Final = Counter("consumer_messages_total", "Messages that left their queue", ["queue", "outcome"])
SECONDS: Final = Histogram(
    "consumer_handling_seconds",
    "From a message's arrival in this process to its acknowledgement",
    ["queue"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120),
)
AGE: Final = Histogram(
    "consumer_event_age_seconds",
    "From an event's being recorded to its effect in the service that reads it",
    ["queue"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)

occurred_at: ContextVar[datetime | None] = ContextVar("happened_at", default=None)
"""When the event was recorded that is being handled; unknown until it is decoded. AMQP's time has whole seconds."""

log = Log("events")


def record_handled(queue: str, message: AbstractIncomingMessage, outcome: str, seconds: float) -> None:
    messages, handling, age = _series(queue, outcome)
    messages.inc()
    handling.observe(seconds)
    recorded = occurred_at.get()
    if outcome == "done" and recorded is not None and _is_first_delivery(message):
        # The clocks of two machines may differ by more than an event takes.
        age.observe(max(0.0, time.time() - recorded.timestamp()))
    log.info("handled", queue=queue, type=message.type, outcome=outcome, ms=round(seconds * 1000, 2))


@cache
def _series(queue: str, outcome: str) -> tuple[Counter, Histogram, Histogram]:
    return MESSAGES.labels(queue, outcome), SECONDS.labels(queue), AGE.labels(queue)


def _is_first_delivery(message: AbstractIncomingMessage) -> bool:
    """What an owner republishes to one queue comes past all exchanges, like what comes back for a retry."""
    return bool(message.exchange) or "attempt" in message.headers
