"""What admins do with webhooks, fanning events out to them, and purging what has expired."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from libs.errors import expect_version
from libs.process.ids import new_id
from order_service.webhooks.delivery import RETENTION, WebhookEvent, ping_event
from order_service.webhooks.exceptions import WebhookInactive
from order_service.webhooks.ports import EndpointPolicy, UnitOfWork, UnitOfWorkFactory
from order_service.webhooks.webhook import Changes, Webhook

BATCH_SIZE = 500


@dataclass(frozen=True, slots=True)
class WebhookRegistry:
    uow: UnitOfWorkFactory
    policy: EndpointPolicy

    async def create(self, url: str, types: Sequence[str], description: str | None, is_active: bool) -> Webhook:
        await self.policy.check(url)
        webhook = Webhook.create(new_id(), url, types, description, is_active, datetime.now(UTC))
        async with self.uow() as work:
            await work.webhooks.add(webhook)
        return webhook

    async def update(self, webhook_id: UUID, changes: Changes, expected: Collection[int] | None) -> Webhook:
        if "url" in changes:
            await self.policy.check(changes["url"])
        async with self.uow() as work:
            webhook = await _expected(work, webhook_id, expected)
            webhook.change(changes, datetime.now(UTC))
            await work.webhooks.save(webhook)
        return webhook


async def rotate_secret(uow: UnitOfWorkFactory, webhook_id: UUID, expected: Collection[int] | None) -> Webhook:
    async with uow() as work:
        webhook = await _expected(work, webhook_id, expected)
        webhook.rotate_secret(datetime.now(UTC))
        await work.webhooks.save(webhook)
    return webhook


async def delete(uow: UnitOfWorkFactory, webhook_id: UUID, expected: Collection[int] | None) -> None:
    async with uow() as work:
        await _expected(work, webhook_id, expected)
        await work.webhooks.remove(webhook_id, datetime.now(UTC))


async def resend(uow: UnitOfWorkFactory, webhook_id: UUID, delivery_id: UUID) -> None:
    async with uow() as work:
        await _active(work, webhook_id)
        await work.deliveries.resend(webhook_id, delivery_id, datetime.now(UTC))


async def ping(uow: UnitOfWorkFactory, webhook_id: UUID) -> UUID:
    """Delivers a test event to this webhook alone, like any other. Returns the id of the delivery."""
    now = datetime.now(UTC)
    async with uow() as work:
        await _active(work, webhook_id)
        (delivery_id,) = await work.deliveries.add(ping_event(new_id(), webhook_id, now), [webhook_id], now)
    return delivery_id


async def _expected(work: UnitOfWork, webhook_id: UUID, expected: Collection[int] | None) -> Webhook:
    webhook = await work.webhooks.for_change(webhook_id)
    expect_version(webhook.version, expected)
    return webhook


async def _active(work: UnitOfWork, webhook_id: UUID) -> None:
    if not (await work.webhooks.for_change(webhook_id)).is_active:
        raise WebhookInactive("It is disabled; enable it first.")


async def fan_out(uow: UnitOfWorkFactory, *events: tuple[WebhookEvent, datetime]) -> None:
    """Stores each event, given with when it happened, and one delivery for each webhook that asks for it.

    Idempotent. An event that no webhook asks for leaves nothing behind.
    """
    async with uow() as work:
        subscriptions = await work.webhooks.subscriptions()
        for event, occurred_at in events:
            webhook_ids = [each.webhook_id for each in subscriptions if each.matches(event.type, occurred_at)]
            if webhook_ids:
                await work.deliveries.add(event, webhook_ids, datetime.now(UTC))


async def purge_expired(uow: UnitOfWorkFactory) -> None:
    """For a timer. In small transactions, so that no lock is held for long."""
    while True:
        async with uow() as work:
            removed = await work.deliveries.delete_expired(datetime.now(UTC) - RETENTION, BATCH_SIZE)
        if removed < BATCH_SIZE:
            return
