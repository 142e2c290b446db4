"""Catalog has answered whether it holds an order's products.

Answers come late, twice and in any order. One that is not to the order's current version says nothing about what the
order is now; the version guard and the row's lock decide every race with the customer.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from order_service.domain.ports import UnitOfWorkFactory
from order_service.domain.shortages import Shortage


async def stock_reserved(uow: UnitOfWorkFactory, order_id: UUID, order_version: int) -> None:
    async with uow() as work:
        order = await work.orders.for_change(order_id)
        if order is None or not order.awaits_answer(order_version):
            return
        fact = order.reserve(datetime.now(UTC))
        await work.orders.save(order)
        work.record(fact)


async def stock_rejected(
    uow: UnitOfWorkFactory, order_id: UUID, order_version: int, shortages: Sequence[Shortage]
) -> None:
    async with uow() as work:
        order = await work.orders.for_change(order_id)
        if order is None or not order.awaits_answer(order_version):
            return
        fact = order.reject(shortages, datetime.now(UTC))
        await work.orders.save(order)
        work.record(fact)
