"""Catalog has answered whether it holds an order's products.

Answers come late, twice and in any order. One that is not to the order's current version says nothing about what the
order is now; the version guard and the row's lock decide every race with the customer.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from order_service.domain.ports import UnitOfWorkFactory
from order_service.domain.shortages import Shortage
from order_service.services.keeping import keep


async def stock_reserved(uow: UnitOfWorkFactory, order_id: UUID, order_version: int, hold: timedelta) -> None:
    """`hold` is how long the customer may take to pay."""
    async with uow() as work:
        order = await work.orders.for_change(order_id)
        if order is None or not order.awaits_answer(order_version):
            return
        await keep(work, order, order.reserve(datetime.now(UTC), hold))


async def stock_rejected(
    uow: UnitOfWorkFactory, order_id: UUID, order_version: int, shortages: Sequence[Shortage]
) -> None:
    async with uow() as work:
        order = await work.orders.for_change(order_id)
        if order is None or not order.awaits_answer(order_version):
            return
        await keep(work, order, order.reject(shortages, datetime.now(UTC)))
