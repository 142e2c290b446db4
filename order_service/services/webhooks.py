"""What admins do with webhooks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from libs.process.ids import new_id
from libs.refusals import expect_version
from order_service.domain.ports import UnitOfWork, UnitOfWorkFactory
from order_service.domain.telling import Receivers, a_ping
from order_service.domain.webhooks import Changes, Webhook
from order_service.exceptions import WebhookInactive


@dataclass(frozen=True, slots=True)
class Registration:
    uow: UnitOfWorkFactory
    receivers: Receivers

    async def register(self, url: str, types: Sequence[str], description: str | None, is_active: bool) -> Webhook:
        await self.receivers.check(url)
        webhook = Webhook.register(new_id(), url, types, description, is_active, datetime.now(UTC))
        async with self.uow() as work:
            await work.webhooks.add(webhook)
        return webhook

    async def change(self, webhook_id: UUID, changes: Changes, expected: Collection[int] | None) -> Webhook:
        if "url" in changes:
            await self.receivers.check(changes["url"])
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
    """An event for this webhook alone, which goes the way of all others. Gives the delivery's id."""
    now = datetime.now(UTC)
    async with uow() as work:
        await _active(work, webhook_id)
        (delivery_id,) = await work.deliveries.add(a_ping(new_id(), webhook_id, now), [webhook_id], now)
    return delivery_id


async def _expected(work: UnitOfWork, webhook_id: UUID, expected: Collection[int] | None) -> Webhook:
    webhook = await work.webhooks.for_change(webhook_id)
    expect_version(webhook.version, expected)
    return webhook


async def _active(work: UnitOfWork, webhook_id: UUID) -> None:
    if not (await work.webhooks.for_change(webhook_id)).is_active:
        raise WebhookInactive("Nothing is sent to it; switch it on first.")
