"""What the use cases need from outside, as contracts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol, Self
from uuid import UUID

from order_service.webhooks.delivery import (
    AttemptResult,
    DeliveryAttempt,
    DeliveryBacklog,
    DeliveryFilter,
    DeliveryStatus,
    WebhookEvent,
)
from order_service.webhooks.webhook import Subscription, Webhook


class Webhooks(Protocol):
    async def add(self, webhook: Webhook) -> None:
        """Raises `TooManyWebhooks`."""

    async def for_change(self, webhook_id: UUID) -> Webhook:
        """Locked until the transaction ends. Raises `WebhookNotFound`."""

    async def save(self, webhook: Webhook) -> None: ...

    async def remove(self, webhook_id: UUID, now: datetime) -> None:
        """Hides it at once. Its deliveries are deleted later, a few at a time."""

    async def subscriptions(self) -> Sequence[Subscription]:
        """Of all active webhooks."""

    async def record_success(self, webhook_id: UUID) -> None:
        """Ends a row of failures."""


class Deliveries(Protocol):
    async def add(self, event: WebhookEvent, webhook_ids: Sequence[UUID], now: datetime) -> Sequence[UUID]:
        """Returns their ids; none if the event, or the same version under another id, is stored already."""

    async def due(self, now: datetime, at_most: int) -> Mapping[UUID, int]:
        """How many there are for each active webhook, counted up to `at_most`."""

    async def claim(self, webhook_id: UUID, now: datetime, until: datetime) -> DeliveryAttempt | None:
        """One that is due. No other worker gets it before `until`."""

    async def failed_tries(self, attempt: DeliveryAttempt) -> int:
        """Those since it was last asked for, which may have been while it was being sent."""

    async def settle(
        self,
        attempt: DeliveryAttempt,
        result: AttemptResult,
        status: DeliveryStatus,
        due_at: datetime | None,
        now: datetime,
    ) -> bool:
        """Stores the attempt. False, and nothing is stored, if the claim ran out and another worker has it."""

    async def resend(self, webhook_id: UUID, delivery_id: UUID, now: datetime) -> None:
        """Makes it due again, whatever its status. One that is being sent right now gets all further tries anew."""

    async def backlog(self, now: datetime) -> DeliveryBacklog: ...

    async def delete_expired(self, before: datetime, limit: int) -> int:
        """Deletes old events with their deliveries, and what removed webhooks have left: up to `limit` of each.

        Returns how many; if that is `limit`, there may be more.
        """


class WebhookSender(Protocol):
    async def send(self, attempt: DeliveryAttempt) -> AttemptResult:
        """Returns a result in bounded time, whatever the receiver does."""


class DeliveryMetrics(Protocol):
    def count_attempt(self, outcome: str) -> None: ...

    def set_backlog(self, backlog: DeliveryBacklog) -> None: ...


class EndpointPolicy(Protocol):
    async def check(self, url: str) -> None:
        """Raises `WebhookUrlRefused` for a URL that this shop sends nothing to."""


class UnitOfWork(Protocol):
    @property
    def webhooks(self) -> Webhooks: ...

    @property
    def deliveries(self) -> Deliveries: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class UnitOfWorkFactory(Protocol):
    def __call__(self) -> UnitOfWork: ...


Row = dict[str, Any]


class WebhookReads(Protocol):
    """Rows for display. Raises `WebhookNotFound` or `DeliveryNotFound` for what does not exist."""

    async def one(self, webhook_id: UUID) -> Row: ...

    async def page(self, limit: int, after: UUID | None) -> Sequence[Row]:
        """Newest first; `after` is the id of the last one seen."""

    async def count(self) -> int: ...

    async def delivery(self, webhook_id: UUID, delivery_id: UUID) -> Row:
        """With what was sent and all attempts."""

    async def deliveries(self, wanted: DeliveryFilter, limit: int, after: UUID | None) -> Sequence[Row]: ...

    async def count_deliveries(self, wanted: DeliveryFilter) -> int: ...
