"""Webhooks and deliveries in memory, and a receiver with given results."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from uuid import UUID

from libs.process.ids import new_id
from order_service.webhooks.delivery import (
    AttemptResult,
    DeliveryAttempt,
    DeliveryBacklog,
    DeliveryStatus,
    WebhookEvent,
)
from order_service.webhooks.exceptions import DeliveryNotFound, TooManyWebhooks, WebhookNotFound, WebhookUrlRefused
from order_service.webhooks.webhook import MAX_WEBHOOKS, Subscription, Webhook

URL = "https://books.example.com/events"


def a_webhook(*types: str, url: str = URL) -> Webhook:
    return Webhook.create(new_id(), url, types or ("*",), None, True, datetime.now(UTC))


def a_result(status: int | None = 200, error: str | None = None) -> AttemptResult:
    return AttemptResult(status, error, None if status is None else "", 0.01)


@dataclass
class FakeWebhooks:
    stored: dict[UUID, Webhook] = field(default_factory=dict)

    async def add(self, webhook: Webhook) -> None:
        if len(self.stored) >= MAX_WEBHOOKS:
            raise TooManyWebhooks("full")
        self.stored[webhook.id] = webhook

    async def for_change(self, webhook_id: UUID) -> Webhook:
        if webhook_id not in self.stored:
            raise WebhookNotFound("none")
        return copy(self.stored[webhook_id])

    async def save(self, webhook: Webhook) -> None:
        self.stored[webhook.id] = webhook

    async def remove(self, webhook_id: UUID, now: datetime) -> None:
        del now
        del self.stored[webhook_id]

    async def subscriptions(self) -> Sequence[Subscription]:
        return [Subscription(each.id, each.subscribed_since) for each in self.stored.values() if each.is_active]

    async def record_success(self, webhook_id: UUID) -> None:
        if webhook_id in self.stored:
            self.stored[webhook_id].record_success()


@dataclass
class StoredDelivery:
    """A delivery."""

    webhook_id: UUID
    event: WebhookEvent
    due_at: datetime | None
    status: DeliveryStatus = DeliveryStatus.PENDING
    claim: UUID | None = None
    tries: int = 0
    attempts: list[AttemptResult] = field(default_factory=list)


@dataclass
class FakeDeliveries:
    webhooks: FakeWebhooks
    stored: dict[UUID, StoredDelivery] = field(default_factory=dict)

    async def add(self, event: WebhookEvent, webhook_ids: Sequence[UUID], now: datetime) -> Sequence[UUID]:
        if any(entry.event.id == event.id for entry in self.stored.values()):
            return []
        made = {new_id(): StoredDelivery(webhook_id, event, now) for webhook_id in webhook_ids}
        self.stored |= made
        return list(made)

    async def due(self, now: datetime, at_most: int) -> Mapping[UUID, int]:
        due = [entry.webhook_id for _, entry in self._due(now)]
        return {webhook_id: min(due.count(webhook_id), at_most) for webhook_id in due}

    async def claim(self, webhook_id: UUID, now: datetime, until: datetime) -> DeliveryAttempt | None:
        for delivery_id, entry in self._due(now):
            if entry.webhook_id == webhook_id:
                entry.due_at, entry.claim = until, new_id()
                webhook = self.webhooks.stored[webhook_id]
                number = len(entry.attempts) + 1
                return DeliveryAttempt(
                    delivery_id, entry.claim, webhook_id, webhook.url, webhook.secrets, entry.event.id,
                    entry.event.body, number,
                )  # fmt: skip
        return None

    async def failed_tries(self, attempt: DeliveryAttempt) -> int:
        return self.stored[attempt.delivery_id].tries

    async def settle(
        self,
        attempt: DeliveryAttempt,
        result: AttemptResult,
        status: DeliveryStatus,
        due_at: datetime | None,
        now: datetime,
    ) -> bool:
        del now
        entry = self.stored[attempt.delivery_id]
        if entry.claim != attempt.claim:
            return False
        entry.status, entry.due_at, entry.claim = status, due_at, None
        entry.tries += 1
        entry.attempts.append(result)
        return True

    async def resend(self, webhook_id: UUID, delivery_id: UUID, now: datetime) -> None:
        entry = self.stored.get(delivery_id)
        if entry is None or entry.webhook_id != webhook_id:
            raise DeliveryNotFound("none")
        entry.status, entry.tries = DeliveryStatus.PENDING, 0
        if entry.claim is None or (entry.due_at and entry.due_at <= now):
            entry.due_at, entry.claim = now, None

    async def backlog(self, now: datetime) -> DeliveryBacklog:
        return DeliveryBacklog(len(self._due(now)), 0.0)

    async def delete_expired(self, before: datetime, limit: int) -> int:
        raise NotImplementedError

    def _due(self, now: datetime) -> list[tuple[UUID, StoredDelivery]]:
        """Of those that are there now."""
        return [
            (delivery_id, entry)
            for delivery_id, entry in self.stored.items()
            if entry.due_at is not None and entry.due_at <= now and self.webhooks.stored[entry.webhook_id].is_active
        ]


@dataclass
class FakeEndpoint:
    """Sends, and judges URLs. `answers` are given in turn, then always 200."""

    is_in_transaction: Callable[[], bool]
    results: list[AttemptResult] = field(default_factory=list)
    sent: list[DeliveryAttempt] = field(default_factory=list)

    async def send(self, attempt: DeliveryAttempt) -> AttemptResult:
        assert not self.is_in_transaction()
        self.sent.append(attempt)
        return self.results.pop(0) if self.results else a_result()

    async def check(self, url: str) -> None:
        assert not self.is_in_transaction()
        if "private" in url:
            raise WebhookUrlRefused("private")


@dataclass
class FakeMetrics:
    outcomes: list[str] = field(default_factory=list)

    def count_attempt(self, outcome: str) -> None:
        self.outcomes.append(outcome)

    def set_backlog(self, backlog: DeliveryBacklog) -> None:
        del backlog


class FakeUnitOfWork:
    """Is its own factory."""

    def __init__(self) -> None:
        self.webhooks = FakeWebhooks()
        self.deliveries = FakeDeliveries(self.webhooks)
        self.is_open = False

    def __call__(self) -> Self:
        return self

    async def __aenter__(self) -> Self:
        assert not self.is_open
        self.is_open = True
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.is_open = False
