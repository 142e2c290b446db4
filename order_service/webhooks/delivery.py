"""Deliveries: one for each event and webhook, and when it is tried again."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from uuid import UUID

from order_service.webhooks.webhook import Secret

RETRY_DELAYS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 2 * 60, 10 * 60, 60 * 60, 6 * 60 * 60, 24 * 60 * 60)
)
JITTER = 0.1
PING = "webhook.ping"
RETENTION = timedelta(days=30)
"""How long an event and its deliveries are kept: longer than any event may be replayed."""
MAX_RESPONSE_BYTES = 1024
"""Bytes of a response's body that are kept."""


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    """It is not tried again, unless an admin asks for that."""


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """An event as it was published. `sequence` is None if it was not published: a ping."""

    id: UUID
    type: str
    subject: UUID
    sequence: int | None
    body: str


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """An attempt at a delivery, made by the worker that holds `claim`."""

    delivery_id: UUID
    claim: UUID
    webhook_id: UUID
    url: str
    secrets: tuple[Secret, ...]
    event_id: UUID
    body: str
    number: int
    """Of all attempts at this delivery."""


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The outcome of an attempt. Without a status there was no response, and `error` says why."""

    status: int | None
    error: str | None
    body: str | None
    seconds: float

    @property
    def is_success(self) -> bool:
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_gone(self) -> bool:
        return self.status == HTTPStatus.GONE


@dataclass(frozen=True, slots=True)
class DeliveryBacklog:
    pending: int
    oldest_seconds: float


def retry_delay(failed: int, chance: float) -> timedelta | None:
    """How long to wait after so many failed tries, None if there is no further one.

    `chance` is from 0 to 1 and keeps apart what failed at one moment.
    """
    if failed > len(RETRY_DELAYS):
        return None
    return RETRY_DELAYS[failed - 1] * (1 + JITTER * (2 * chance - 1))


def ping_event(event_id: UUID, webhook_id: UUID, now: datetime) -> WebhookEvent:
    """Shaped like all events, to see one arrive."""
    event = {
        "specversion": "1.0",
        "id": str(event_id),
        "source": "/order",
        "type": PING,
        "subject": str(webhook_id),
        "time": now.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": {"webhook_id": str(webhook_id)},
    }
    return WebhookEvent(event_id, PING, webhook_id, None, json.dumps(event))


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries a list has. None: any."""

    webhook_id: UUID
    status: DeliveryStatus | None = None
    type: str | None = None
