"""A message that nobody could handle, as far as it can be read."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from aio_pika.abc import AbstractIncomingMessage

from libs.contracts.topology import Queue
from ops.admin.formatting import printable

# What can be typed into a shell as it is.
_USABLE_ID = re.compile(r"[!-,.-~][!-~]*")
_LONGEST_FACT = 200
_LONGEST_ERROR = 2_000
_BIGGEST_VERSION = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Parked:
    message: AbstractIncomingMessage
    queue: str
    id: str
    """The event's, or the SHA-256 of a body without a usable one, as in the table `message_crashes`."""
    type: str | None
    subject: str | None
    version: int | None
    first_failed_at: datetime | None
    attempts: int | None
    error: str | None
    event: Any
    """The body, where it is JSON."""

    @classmethod
    def read(cls, queue: Queue, message: AbstractIncomingMessage) -> Self:
        event = _json(message.body)
        facts: Mapping[str, Any] = event if isinstance(event, dict) else {}
        headers = message.headers
        attempt = headers.get("attempt")
        return cls(
            message=message,
            queue=queue.name,
            id=_id(message),
            type=_fact(facts.get("type")) or _fact(message.type),
            subject=_fact(facts.get("subject")),
            version=_version(facts.get("sequence")) or _version(headers.get("aggregate-version")),
            first_failed_at=_moment(headers.get("first-failed-at")) or _moment(_death(headers).get("time")),
            attempts=attempt if isinstance(attempt, int) else None,
            error=_error(headers),
            event=event,
        )

    @property
    def age_seconds(self) -> float | None:
        """Since it failed for the first time."""
        if self.first_failed_at is None:
            return None
        return max(0.0, (datetime.now(UTC) - self.first_failed_at).total_seconds())

    def summary(self) -> dict[str, Any]:
        return {
            "queue": self.queue,
            "id": self.id,
            "type": self.type,
            "subject": self.subject,
            "version": self.version,
            "first_failed_at": self.first_failed_at,
            "age_seconds": self.age_seconds,
            "attempts": self.attempts,
            "error": self.error,
        }

    def whole(self) -> dict[str, Any]:
        names = ("message_id", "app_id", "content_type", "correlation_id", "timestamp", "redelivered")
        return {
            **self.summary(),
            "properties": {name: getattr(self.message, name) for name in names},
            "headers": dict(self.message.headers),
            "event": self.event,
            "body": self.message.body.decode(errors="backslashreplace"),
        }


def _id(message: AbstractIncomingMessage) -> str:
    given = message.message_id or ""
    return given if _USABLE_ID.fullmatch(given) else hashlib.sha256(message.body).hexdigest()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _fact(found: object) -> str | None:
    return printable(found[:_LONGEST_FACT]) if isinstance(found, str) and found else None


def _version(found: object) -> int | None:
    """CloudEvents has it as a string of digits, the header as a number."""
    if isinstance(found, str) and re.fullmatch(r"[0-9]{1,19}", found):
        found = int(found)
    return found if isinstance(found, int) and 0 < found <= _BIGGEST_VERSION else None


def _moment(found: object) -> datetime | None:
    if isinstance(found, str):
        try:
            found = datetime.fromisoformat(found)
        except ValueError:
            return None
    if not isinstance(found, datetime):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _error(headers: Mapping[str, Any]) -> str | None:
    if isinstance(told := headers.get("error"), str):
        return printable(told[:_LONGEST_ERROR])
    reason = _death(headers).get("reason")
    return f"given up by the broker: {reason}" if reason else None


def _death(headers: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the broker notes about a message that it has moved itself."""
    deaths = headers.get("x-death")
    return deaths[0] if isinstance(deaths, list) and deaths and isinstance(deaths[0], dict) else {}
