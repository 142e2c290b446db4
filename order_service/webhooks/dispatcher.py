"""Delivers what is due. No transaction is open while a receiver is talked to.

Several workers may do it at once. A delivery is a job (`libs.jobs`); one whose lease runs out, because its worker died
or froze, is sent again under the same id. Each receiver has senders of its own, so that one that is slow or dead delays
no other.
"""

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import structlog

from libs.jobs import run_due
from libs.process.failpoints import failpoint
from order_service.webhooks.delivery import AttemptResult, DeliveryAttempt, DeliveryStatus, retry_delay
from order_service.webhooks.exceptions import WebhookNotFound
from order_service.webhooks.ports import DeliveryMetrics, UnitOfWork, UnitOfWorkFactory, WebhookSender

SENDERS = 4
"""Concurrent requests to one receiver, by one worker."""
LEASE = timedelta(seconds=60)
"""Longer than one delivery takes, so that no two workers send the same at once."""
POLL_INTERVAL = 1.0
METRICS_INTERVAL = 15.0
SHUTDOWN_GRACE = 3.0
"""Seconds that requests under way have when the worker stops."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class WebhookDispatcher:
    uow: UnitOfWorkFactory
    sender: WebhookSender
    metrics: DeliveryMetrics
    _running: dict[asyncio.Task[None], UUID] = field(default_factory=dict)
    _measured_at: float = float("-inf")

    async def deliver_due(self) -> None:
        """For a timer. Returns when nothing is due and nothing under way."""
        try:
            await self._refresh_metrics()
            while await self._start_senders():
                await asyncio.sleep(POLL_INTERVAL)
                await self._refresh_metrics()
        finally:
            await self._finish()

    async def _start_senders(self) -> bool:
        """False if there is nothing to do."""
        async with self.uow() as work:
            due = await work.deliveries.due(datetime.now(UTC), SENDERS)
        self._reap()
        busy = list(self._running.values())
        for webhook_id, number in due.items():
            for _ in range(min(number, SENDERS - busy.count(webhook_id))):
                jobs = run_due(partial(self._claim, webhook_id), self._send, self._settle, grace=SHUTDOWN_GRACE)
                self._running[asyncio.create_task(jobs)] = webhook_id
        return bool(self._running)

    def _reap(self) -> None:
        """Logs what has ended a sender too early. What it had claimed is due again when the lease runs out."""
        for task in [task for task in self._running if task.done()]:
            webhook_id = self._running.pop(task)
            if (error := task.exception()) is not None:
                log.error("webhook_sender_failed", webhook=str(webhook_id), exc_info=error)

    async def _claim(self, webhook_id: UUID) -> DeliveryAttempt | None:
        now = datetime.now(UTC)
        async with self.uow() as work:
            return await work.deliveries.claim(webhook_id, now, now + LEASE)

    async def _send(self, attempt: DeliveryAttempt) -> AttemptResult:
        failpoint("webhook.claimed")
        result = await self.sender.send(attempt)
        failpoint("webhook.sent")
        return result

    async def _settle(self, attempt: DeliveryAttempt, result: AttemptResult) -> None:
        now = datetime.now(UTC)
        async with self.uow() as work:
            # The webhook is locked first, as by everything else that needs both rows.
            await _record_health(work, attempt, result, now)
            status, due_at = _next_state(await work.deliveries.failed_tries(attempt), result, now)
            if not await work.deliveries.settle(attempt, result, status, due_at, now):
                return
        self.metrics.count_attempt("retried" if status is DeliveryStatus.PENDING else status.value)
        if not result.is_success:
            log.warning(
                "webhook_attempt_failed",
                webhook=str(attempt.webhook_id),
                delivery=str(attempt.delivery_id),
                attempt=attempt.number,
                status=result.status,
                error=result.error,
                delivery_status=status.value,
            )

    async def _refresh_metrics(self) -> None:
        now = time.monotonic()
        if now - self._measured_at >= METRICS_INTERVAL:
            async with self.uow() as work:
                self.metrics.set_backlog(await work.deliveries.backlog(datetime.now(UTC)))
            self._measured_at = now

    async def _finish(self) -> None:
        running, self._running = self._running, {}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _record_health(work: UnitOfWork, attempt: DeliveryAttempt, result: AttemptResult, now: datetime) -> None:
    if result.is_success:
        await work.webhooks.record_success(attempt.webhook_id)
        return
    with suppress(WebhookNotFound):
        webhook = await work.webhooks.for_change(attempt.webhook_id)
        webhook.record_failure(attempt.url, now, is_gone=result.is_gone)
        await work.webhooks.save(webhook)


def _next_state(tries: int, result: AttemptResult, now: datetime) -> tuple[DeliveryStatus, datetime | None]:
    if result.is_success:
        return DeliveryStatus.DELIVERED, None
    pause = None if result.is_gone else retry_delay(tries + 1, random.random())  # noqa: S311 - no secret.
    return (DeliveryStatus.FAILED, None) if pause is None else (DeliveryStatus.PENDING, now + pause)
