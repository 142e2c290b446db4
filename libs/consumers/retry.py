"""Where a message goes whose handler raised: into one retry queue after the other, and then to a person."""

import struct
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aio_pika.abc import AbstractIncomingMessage
from aiormq import spec

from libs.broker.cloudevents import PERSISTENT
from libs.broker.confirmed_channel import ConfirmedChannel
from libs.broker.topology import RETRY_DELAYS, RetryDelay

# What a copy says of the failure.
FAILURE_HEADERS = ("attempt", "error", "first-failed-at", "queue")
MAX_ERROR_LENGTH = 500
MAX_HEADER_LENGTH = 50
# More attempts than anybody can have made.
MAX_ATTEMPTS = 1_000_000
# Properties travel in one frame of at most 128 KiB. A larger one would end the connection.
LARGEST_PROPERTIES = 130_000
# The broker's own notes about a message's way. They would be taken for the copy's.
BROKER_HEADERS = ("x-death", "x-first-death-", "x-last-death-", "x-delivery-count", "x-acquired-count")


class RetryPublisher:
    """Makes confirmed copies. Acknowledge the original only after that."""

    def __init__(self, publisher: ConfirmedChannel, retry_delays: Sequence[RetryDelay] = RETRY_DELAYS) -> None:
        self._publisher = publisher
        self._retry_delays = retry_delays

    async def schedule_retry(self, queue: str, message: AbstractIncomingMessage, error: Exception) -> str:
        """The queue that the message waits in now."""
        attempt = _attempts(message) + 1
        if attempt > len(self._retry_delays):
            return await self.park(queue, message, error)
        target = f"{queue}.retry.{self._retry_delays[attempt - 1].name}"
        await self._send(target, queue, message, _describe(error), attempt)
        return target

    async def park(self, queue: str, message: AbstractIncomingMessage, reason: Exception | str) -> str:
        target = f"{queue}.parked"
        await self._send(target, queue, message, _describe(reason), _attempts(message) + 1)
        return target

    async def _send(self, target: str, queue: str, message: AbstractIncomingMessage, error: str, attempt: int) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        notes: dict[str, Any] = {
            "attempt": attempt,
            "error": error,
            "first-failed-at": str(message.headers.get("first-failed-at", now))[:MAX_HEADER_LENGTH],
            "queue": queue,
        }
        await self._publisher.send(target, message.body, copy_properties(message, notes))


def _attempts(message: AbstractIncomingMessage) -> int:
    found = message.headers.get("attempt", 0)
    return found if isinstance(found, int) and 0 < found < MAX_ATTEMPTS else 0


def _describe(error: Exception | str) -> str:
    text = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return text[:MAX_ERROR_LENGTH].encode(errors="backslashreplace").decode()


def copy_properties(
    message: AbstractIncomingMessage, notes: Mapping[str, Any], *, without: Collection[str] = ()
) -> spec.Basic.Properties:
    """A message's properties for its copy: persistent, with these notes, and `without` some headers."""
    headers = {
        name: value
        for name, value in message.headers.items()
        if name not in without and not name.startswith(BROKER_HEADERS)
    }
    properties = spec.Basic.Properties(
        app_id=message.app_id,
        content_encoding=message.content_encoding,
        content_type=message.content_type,
        correlation_id=message.correlation_id,
        delivery_mode=PERSISTENT,
        headers={**headers, **notes},
        message_id=message.message_id,
        message_type=message.type,
        priority=message.priority,
        reply_to=message.reply_to,
        timestamp=message.timestamp,
        # Without the expiration: what is parked stays. Without the user: the broker lets only that user name it.
    )
    if not _can_be_written(properties):
        # Somebody's headers could be read, but cannot be written with ours; the message itself matters more.
        properties.headers = dict(notes)
    return properties


def _can_be_written(properties: spec.Basic.Properties) -> bool:
    try:
        return len(properties.marshal()) <= LARGEST_PROPERTIES
    except (TypeError, ValueError, struct.error):
        return False
