"""What time alone brings about. Several workers may do it at once, each finding what is left."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from order_service.domain.events import OrderAmended, OrderPlaced
from order_service.domain.ports import UnitOfWorkFactory
from order_service.exceptions import OrderBusy
from order_service.services.save_order import save_and_record

BATCH_SIZE = 100

log = structlog.stdlib.get_logger(__name__)


async def expire_unpaid(uow: UnitOfWorkFactory) -> None:
    """Orders that nobody paid in time give their stock back, each in a transaction of its own."""
    now = datetime.now(UTC)
    async with uow() as work:
        due = await work.orders.due(now, BATCH_SIZE)
    for order_id in due:
        try:
            await _expire(uow, order_id, now)
        except OrderBusy as error:
            # It is found again the next time round, and keeps no other from being found now.
            log.warning("order_not_expired", order_id=str(order_id), error=str(error))


async def _expire(uow: UnitOfWorkFactory, order_id: UUID, now: datetime) -> None:
    async with uow() as work:
        order = await work.orders.for_change(order_id)
        if order is not None:
            await save_and_record(work, order, order.expire(now))


async def republish_pending(uow: UnitOfWorkFactory, answer_timeout: timedelta) -> None:
    """Orders that catalog has not answered are told again, at the version that they have: it answers each time."""
    now = datetime.now(UTC)
    async with uow() as work:
        unanswered = await work.orders.unanswered(now - answer_timeout, now, BATCH_SIZE)
        for order in (await work.orders.all_for_change(unanswered)).values():
            work.republish(OrderPlaced(order) if order.version == 1 else OrderAmended(order))
