"""Sending what webhooks are to be told. No transaction is open while a receiver is talked to.

Several workers may do it at once. A delivery is claimed, sent, settled; one whose claim runs out, because its worker
died or froze in between, is sent again under the same id. Each receiver has senders of its own, so that one that is
slow or dead holds up nobody but itself.
"""

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from libs.process.failpoints import failpoint
from order_service.domain.ports import UnitOfWork, UnitOfWorkFactory
from order_service.domain.telling import Answer, DeliveryStatus, Dispatch, Meter, Sender, pause_after
from order_service.exceptions import WebhookNotFound

SENDERS = 4
"""Requests at once to one receiver, by one worker."""
CLAIMED_FOR = timedelta(seconds=60)
"""Longer than a sender takes for one delivery, so that no two workers send the same at once."""
LOOK_EVERY = 1.0
MEASURE_EVERY = 15.0
GRACE = 3.0
"""Seconds that requests under way have when the worker is told to stop."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class Sending:
    uow: UnitOfWorkFactory
    sender: Sender
    meter: Meter
    _running: dict[asyncio.Task[None], UUID] = field(default_factory=dict)
    _measured_at: float = float("-inf")

    async def send_due(self) -> None:
        """For a timer. Returns when nothing is due and nothing under way."""
        try:
            await self._measure()
            while await self._start_senders():
                await asyncio.sleep(LOOK_EVERY)
                await self._measure()
        finally:
            await self._finish()

    async def _start_senders(self) -> bool:
        """False if there is nothing to do."""
        async with self.uow() as work:
            due = await work.deliveries.due(datetime.now(UTC), SENDERS)
        self._clear_away()
        busy = list(self._running.values())
        for webhook_id, number in due.items():
            for _ in range(min(number, SENDERS - busy.count(webhook_id))):
                self._running[asyncio.create_task(self._send_all(webhook_id))] = webhook_id
        return bool(self._running)

    async def _send_all(self, webhook_id: UUID) -> None:
        """One after the other, until nothing is due for this receiver."""
        while (dispatch := await self._claim(webhook_id)) is not None:
            failpoint("webhook.claimed")
            answer = await self.sender.send(dispatch)
            failpoint("webhook.sent")
            await self._settle(dispatch, answer)

    def _clear_away(self) -> None:
        """Whatever has ended a sender too early is told. What it had claimed is due again when the claim runs out."""
        for task in [task for task in self._running if task.done()]:
            webhook_id = self._running.pop(task)
            if (error := task.exception()) is not None:
                log.error("webhook_sender_failed", webhook=str(webhook_id), exc_info=error)

    async def _claim(self, webhook_id: UUID) -> Dispatch | None:
        now = datetime.now(UTC)
        async with self.uow() as work:
            return await work.deliveries.claim(webhook_id, now, now + CLAIMED_FOR)

    async def _settle(self, dispatch: Dispatch, answer: Answer) -> None:
        now = datetime.now(UTC)
        async with self.uow() as work:
            # The webhook first, as everybody locks it, also who asks for the delivery once more.
            await _note_health(work, dispatch, answer, now)
            status, due_at = _what_follows(await work.deliveries.tries(dispatch), answer, now)
            if not await work.deliveries.settle(dispatch, answer, status, due_at, now):
                return
        self.meter.count("retried" if status is DeliveryStatus.PENDING else status.value)
        if not answer.is_success:
            log.warning(
                "webhook_attempt_failed",
                webhook=str(dispatch.webhook_id),
                delivery=str(dispatch.delivery_id),
                attempt=dispatch.number,
                status=answer.status,
                error=answer.error,
                delivery_status=status.value,
            )

    async def _measure(self) -> None:
        now = time.monotonic()
        if now - self._measured_at >= MEASURE_EVERY:
            async with self.uow() as work:
                self.meter.measure(await work.deliveries.backlog(datetime.now(UTC)))
            self._measured_at = now

    async def _finish(self) -> None:
        running, self._running = self._running, {}
        if running:
            await asyncio.wait(running, timeout=GRACE)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def _note_health(work: UnitOfWork, dispatch: Dispatch, answer: Answer, now: datetime) -> None:
    if answer.is_success:
        await work.webhooks.recovered(dispatch.webhook_id)
        return
    with suppress(WebhookNotFound):
        webhook = await work.webhooks.for_change(dispatch.webhook_id)
        webhook.failed(dispatch.url, now, is_gone=answer.is_gone)
        await work.webhooks.save(webhook)


def _what_follows(tries: int, answer: Answer, now: datetime) -> tuple[DeliveryStatus, datetime | None]:
    if answer.is_success:
        return DeliveryStatus.DELIVERED, None
    pause = None if answer.is_gone else pause_after(tries + 1, random.random())  # noqa: S311 - no secret.
    return (DeliveryStatus.FAILED, None) if pause is None else (DeliveryStatus.PENDING, now + pause)
