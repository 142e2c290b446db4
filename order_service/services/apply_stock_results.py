"""Catalog has answered whether it holds the products of orders.

Answers come late, twice and in any order. One that is not to its order's current version says nothing about what the
order is now; the version guard and the row's lock decide every race with the customer.
"""

from datetime import UTC, datetime, timedelta

from order_service.domain.ports import UnitOfWorkFactory
from order_service.domain.stock_result import StockResult


async def apply_stock_results(uow: UnitOfWorkFactory, hold: timedelta, *answers: StockResult) -> None:
    """All in one transaction. `hold` is how long the customers may take to pay."""
    async with uow() as work:
        orders = await work.orders.all_for_change({answer.order_id for answer in answers})
        now = datetime.now(UTC)
        for answer in answers:
            order = orders.get(answer.order_id)
            if order is None or not order.awaits_answer(answer.order_version):
                continue
            work.record(order.reject(answer.shortages, now) if answer.shortages else order.reserve(now, hold))
        await work.orders.save(*orders.values())
