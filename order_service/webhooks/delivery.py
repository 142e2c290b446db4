"""Deliveries: one for each event that a webhook is told of, and when it is tried again."""

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
"""How long an event and its deliveries are kept. Longer than any event may come again."""
MAX_RESPONSE_BYTES = 1024
"""Bytes of an answer that are kept."""


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    """It is not tried any more, unless somebody asks for that."""


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """An event, as it was told within the shop. `sequence` is None where nobody else tells of it: a ping's."""

    id: UUID
    type: str
    subject: UUID
    sequence: int | None
    body: str


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """An attempt at a delivery. Who has it, by `claim`, is the one to make it."""

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
    """What came of an attempt. Without a status nobody has answered, and `error` says why."""

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
    """How long to wait after so many tries that failed, None if there is no further one.

    `chance` is from 0 to 1 and keeps apart what failed at one moment.
    """
    if failed > len(RETRY_DELAYS):
        return None
    return RETRY_DELAYS[failed - 1] * (1 + JITTER * (2 * chance - 1))


def ping_event(event_id: UUID, webhook_id: UUID, now: datetime) -> WebhookEvent:
    """Shaped as all events are. Nothing has happened but that somebody wants to see one arrive."""
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
    """Which deliveries a list has. None: whatever it is."""

    webhook_id: UUID
    status: DeliveryStatus | None = None
    type: str | None = None
