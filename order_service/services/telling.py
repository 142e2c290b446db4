"""Noting for whom an event is, and forgetting it when its time is over."""

from datetime import UTC, datetime

from order_service.domain.ports import UnitOfWorkFactory
from order_service.domain.telling import KEPT_FOR, Told

AT_ONCE = 500


async def note(uow: UnitOfWorkFactory, told: Told, happened_at: datetime) -> None:
    """Once, whatever comes and however often. What nobody wants to hear of leaves nothing behind."""
    async with uow() as work:
        webhook_ids = await work.webhooks.told(told.type, happened_at)
        if webhook_ids:
            await work.deliveries.add(told, webhook_ids, datetime.now(UTC))


async def forget_old(uow: UnitOfWorkFactory) -> None:
    """For a timer. A little at a time, so that nobody waits for long."""
    while True:
        async with uow() as work:
            removed = await work.deliveries.forget(datetime.now(UTC) - KEPT_FOR, AT_ONCE)
        if removed < AT_ONCE:
            return
