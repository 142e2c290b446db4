"""Deliveries: one for each event that a webhook is told of, and when it is tried again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Protocol
from uuid import UUID

from order_service.domain.webhooks import Secret

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 2 * 60, 10 * 60, 60 * 60, 6 * 60 * 60, 24 * 60 * 60))
SPREAD = 0.1
PING = "webhook.ping"
KEPT_FOR = timedelta(days=30)
"""How long an event and its deliveries are kept. Longer than any event may come again."""
LONGEST_ANSWER = 1024
"""Bytes of an answer that are kept."""


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    """It is not tried any more, unless somebody asks for that."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event, as it was told within the shop. `sequence` is None where nobody else tells of it: a ping's."""

    id: UUID
    type: str
    subject: UUID
    sequence: int | None
    body: str


@dataclass(frozen=True, slots=True)
class Dispatch:
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
class Answer:
    """What came of an attempt. Without a status nobody has answered, and `error` says why."""

    status: int | None
    error: str | None
    text: str | None
    seconds: float

    @property
    def is_success(self) -> bool:
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_gone(self) -> bool:
        return self.status == HTTPStatus.GONE


@dataclass(frozen=True, slots=True)
class Backlog:
    pending: int
    oldest_seconds: float


def pause_after(failed: int, chance: float) -> timedelta | None:
    """How long to wait after so many tries that failed, None if there is no further one.

    `chance` is from 0 to 1 and keeps apart what failed at one moment.
    """
    if failed > len(PAUSES):
        return None
    return PAUSES[failed - 1] * (1 + SPREAD * (2 * chance - 1))


def a_ping(event_id: UUID, webhook_id: UUID, now: datetime) -> Told:
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
    return Told(event_id, PING, webhook_id, None, json.dumps(event))


class Deliveries(Protocol):
    async def add(self, told: Told, webhook_ids: Sequence[UUID], now: datetime) -> Sequence[UUID]:
        """Their ids; none where the event, or the same fact under another id, has been told already."""

    async def due(self, now: datetime, at_most: int) -> Mapping[UUID, int]:
        """How many there are for each active webhook, counted up to a limit."""

    async def claim(self, webhook_id: UUID, now: datetime, until: datetime) -> Dispatch | None:
        """One that is due. Nobody else gets it before `until`."""

    async def tries(self, dispatch: Dispatch) -> int:
        """Those that have failed since it was last asked for, which may have been while it was being sent."""

    async def settle(
        self, dispatch: Dispatch, answer: Answer, status: DeliveryStatus, due_at: datetime | None, now: datetime
    ) -> bool:
        """Keeps the attempt. False, and nothing is kept, where the claim ran out and somebody else has it."""

    async def resend(self, webhook_id: UUID, delivery_id: UUID, now: datetime) -> None:
        """It is due again, whatever became of it before. One that is just being sent has all further tries anew."""

    async def backlog(self, now: datetime) -> Backlog: ...

    async def forget(self, before: datetime, limit: int) -> int:
        """Removes old events, what became of them, and what removed webhooks have left: so much of each.

        Says how much that was; with `limit` there may be more.
        """


class Sender(Protocol):
    async def send(self, dispatch: Dispatch) -> Answer:
        """Comes to an end, and to an answer, whatever the receiver does."""


class Meter(Protocol):
    def count(self, outcome: str) -> None: ...

    def measure(self, backlog: Backlog) -> None: ...


class Receivers(Protocol):
    async def check(self, url: str) -> None:
        """Raises `WebhookUrlRefused` for what this shop does not send anything to."""


Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries a list has. None: whatever it is."""

    webhook_id: UUID
    status: DeliveryStatus | None = None
    type: str | None = None


class WebhookReads(Protocol):
    """Rows for showing. What is not there raises `WebhookNotFound` or `DeliveryNotFound`."""

    async def one(self, webhook_id: UUID) -> Row: ...

    async def page(self, limit: int, after: UUID | None) -> Sequence[Row]:
        """Newest first; `after` is the id of the last one seen."""

    async def count(self) -> int: ...

    async def delivery(self, webhook_id: UUID, delivery_id: UUID) -> Row:
        """With what was sent and all attempts."""

    async def deliveries(self, wanted: DeliveryFilter, limit: int, after: UUID | None) -> Sequence[Row]: ...

    async def count_deliveries(self, wanted: DeliveryFilter) -> int: ...
