"""Changing by hand what is on hand."""

from datetime import UTC, datetime
from uuid import UUID

from catalog_service.domain.ports import UnitOfWorkFactory
from catalog_service.domain.stock import Admin, Stock


async def adjust_stock(uow: UnitOfWorkFactory, product_id: UUID, delta: int, reason: str, admin: Admin) -> Stock:
    async with uow() as work:
        stock = await work.stocks.for_change(product_id)
        entry = stock.adjust(delta, reason, admin, datetime.now(UTC))
        await work.stocks.save(stock)
        await work.stocks.add_ledger_entry(entry)
    return stock
