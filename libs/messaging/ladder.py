"""Where a message goes whose handler raised: up the retry ladder, and after the last rung to a person."""

import struct
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aio_pika.abc import AbstractIncomingMessage
from aiormq import spec

from libs.messaging.cloudevents import PERSISTENT
from libs.messaging.publisher import Publisher
from libs.messaging.topology import RUNGS, Rung

# What a copy says of the failure.
NOTES = ("attempt", "error", "first-failed-at", "queue")
LONGEST_ERROR = 500
LONGEST_NOTE = 50
# More attempts than anybody can have made.
ABSURD = 1_000_000
# Properties travel in one frame of at most 128 KiB. A larger one would end the connection.
LARGEST_PROPERTIES = 130_000
# The broker's own notes about a message's way. They would be taken for the copy's.
BROKER_HEADERS = ("x-death", "x-first-death-", "x-last-death-", "x-delivery-count", "x-acquired-count")


class Ladder:
    """Makes confirmed copies. Acknowledge the original only after that."""

    def __init__(self, publisher: Publisher, rungs: Sequence[Rung] = RUNGS) -> None:
        self._publisher = publisher
        self._rungs = rungs

    async def climb(self, queue: str, message: AbstractIncomingMessage, error: Exception) -> str:
        """The queue that the message waits in now."""
        attempt = _attempts(message) + 1
        if attempt > len(self._rungs):
            return await self.park(queue, message, error)
        target = f"{queue}.retry.{self._rungs[attempt - 1].name}"
        await self._send(target, queue, message, _told(error), attempt)
        return target

    async def park(self, queue: str, message: AbstractIncomingMessage, reason: Exception | str) -> str:
        target = f"{queue}.parked"
        await self._send(target, queue, message, _told(reason), _attempts(message) + 1)
        return target

    async def _send(self, target: str, queue: str, message: AbstractIncomingMessage, error: str, attempt: int) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        notes: dict[str, Any] = {
            "attempt": attempt,
            "error": error,
            "first-failed-at": str(message.headers.get("first-failed-at", now))[:LONGEST_NOTE],
            "queue": queue,
        }
        await self._publisher.send(target, message.body, copied(message, notes))


def _attempts(message: AbstractIncomingMessage) -> int:
    found = message.headers.get("attempt", 0)
    return found if isinstance(found, int) and 0 < found < ABSURD else 0


def _told(error: Exception | str) -> str:
    text = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return text[:LONGEST_ERROR].encode(errors="backslashreplace").decode()


def copied(
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
