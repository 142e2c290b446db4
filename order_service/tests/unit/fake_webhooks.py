"""Webhooks and deliveries in memory, and receivers that answer as they are told."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from libs.process.ids import new_id
from order_service.domain.telling import Answer, Backlog, DeliveryStatus, Dispatch, Told
from order_service.domain.webhooks import MAX_WEBHOOKS, Listener, Webhook
from order_service.exceptions import DeliveryNotFound, TooManyWebhooks, WebhookNotFound, WebhookUrlRefused

URL = "https://books.example.com/events"


def a_webhook(*types: str, url: str = URL) -> Webhook:
    return Webhook.register(new_id(), url, types or ("*",), None, True, datetime.now(UTC))


def an_answer(status: int | None = 200, error: str | None = None) -> Answer:
    return Answer(status, error, None if status is None else "", 0.01)


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

    async def listening(self) -> Sequence[Listener]:
        return [Listener(each.id, each.types, each.active_since) for each in self.stored.values() if each.is_active]

    async def recovered(self, webhook_id: UUID) -> None:
        if webhook_id in self.stored:
            self.stored[webhook_id].recovered()


@dataclass
class Entry:
    """A delivery."""

    webhook_id: UUID
    told: Told
    due_at: datetime | None
    status: DeliveryStatus = DeliveryStatus.PENDING
    claim: UUID | None = None
    tries: int = 0
    attempts: list[Answer] = field(default_factory=list)


@dataclass
class FakeDeliveries:
    webhooks: FakeWebhooks
    stored: dict[UUID, Entry] = field(default_factory=dict)

    async def add(self, told: Told, webhook_ids: Sequence[UUID], now: datetime) -> Sequence[UUID]:
        if any(entry.told.id == told.id for entry in self.stored.values()):
            return []
        made = {new_id(): Entry(webhook_id, told, now) for webhook_id in webhook_ids}
        self.stored |= made
        return list(made)

    async def due(self, now: datetime, at_most: int) -> Mapping[UUID, int]:
        due = [entry.webhook_id for _, entry in self._due(now)]
        return {webhook_id: min(due.count(webhook_id), at_most) for webhook_id in due}

    async def claim(self, webhook_id: UUID, now: datetime, until: datetime) -> Dispatch | None:
        for delivery_id, entry in self._due(now):
            if entry.webhook_id == webhook_id:
                entry.due_at, entry.claim = until, new_id()
                webhook = self.webhooks.stored[webhook_id]
                number = len(entry.attempts) + 1
                return Dispatch(
                    delivery_id, entry.claim, webhook_id, webhook.url, webhook.secrets, entry.told.id, entry.told.body,
                    number,
                )  # fmt: skip
        return None

    async def tries(self, dispatch: Dispatch) -> int:
        return self.stored[dispatch.delivery_id].tries

    async def settle(
        self, dispatch: Dispatch, answer: Answer, status: DeliveryStatus, due_at: datetime | None, now: datetime
    ) -> bool:
        del now
        entry = self.stored[dispatch.delivery_id]
        if entry.claim != dispatch.claim:
            return False
        entry.status, entry.due_at, entry.claim = status, due_at, None
        entry.tries += 1
        entry.attempts.append(answer)
        return True

    async def resend(self, webhook_id: UUID, delivery_id: UUID, now: datetime) -> None:
        entry = self.stored.get(delivery_id)
        if entry is None or entry.webhook_id != webhook_id:
            raise DeliveryNotFound("none")
        entry.status, entry.tries = DeliveryStatus.PENDING, 0
        if entry.claim is None or (entry.due_at and entry.due_at <= now):
            entry.due_at, entry.claim = now, None

    async def backlog(self, now: datetime) -> Backlog:
        return Backlog(len(self._due(now)), 0.0)

    async def forget(self, before: datetime, limit: int) -> int:
        raise NotImplementedError

    def _due(self, now: datetime) -> list[tuple[UUID, Entry]]:
        """Of those that are there now."""
        return [
            (delivery_id, entry)
            for delivery_id, entry in self.stored.items()
            if entry.due_at is not None and entry.due_at <= now and self.webhooks.stored[entry.webhook_id].is_active
        ]


@dataclass
class FakeReceivers:
    """Is the way to them and the judge of their URLs. `answers` are given in turn, then always 200."""

    is_in_transaction: Callable[[], bool]
    answers: list[Answer] = field(default_factory=list)
    sent: list[Dispatch] = field(default_factory=list)

    async def send(self, dispatch: Dispatch) -> Answer:
        assert not self.is_in_transaction()
        self.sent.append(dispatch)
        return self.answers.pop(0) if self.answers else an_answer()

    async def check(self, url: str) -> None:
        assert not self.is_in_transaction()
        if "private" in url:
            raise WebhookUrlRefused("private")


@dataclass
class FakeMeter:
    outcomes: list[str] = field(default_factory=list)

    def count(self, outcome: str) -> None:
        self.outcomes.append(outcome)

    def measure(self, backlog: Backlog) -> None:
        del backlog
