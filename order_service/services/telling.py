"""Noting for whom an event is, and forgetting it when its time is over."""

from datetime import UTC, datetime

from order_service.domain.ports import UnitOfWorkFactory
from order_service.domain.telling import KEPT_FOR, Told

AT_ONCE = 500


async def note(uow: UnitOfWorkFactory, *news: tuple[Told, datetime]) -> None:
    """Each with when it happened. Once, whatever comes and however often.

    What nobody wants to hear of leaves nothing behind.
    """
    async with uow() as work:
        listeners = await work.webhooks.listening()
        for told, happened_at in news:
            webhook_ids = [each.webhook_id for each in listeners if each.hears(told.type, happened_at)]
            if webhook_ids:
                await work.deliveries.add(told, webhook_ids, datetime.now(UTC))


async def forget_old(uow: UnitOfWorkFactory) -> None:
    """For a timer. A little at a time, so that nobody waits for long."""
    while True:
        async with uow() as work:
            removed = await work.deliveries.forget(datetime.now(UTC) - KEPT_FOR, AT_ONCE)
        if removed < AT_ONCE:
            return
