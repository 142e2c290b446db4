"""Telling customers: what is to be said is written down once, whatever events come and however often."""

from datetime import UTC, datetime
from uuid import UUID

from order_service.domain.notices import CustomerUnknownError, Letters
from order_service.domain.ports import UnitOfWorkFactory
from order_service.domain.products import Offer


async def notify(uow: UnitOfWorkFactory, letters: Letters, order_id: UUID, version: int, goods: Offer) -> None:
    """`goods` are the order's at that version. Raises `CustomerUnknownError`, after which it can be tried again."""
    async with uow() as work:
        news = await work.notifications.news(order_id, version)
        if news is None or news.is_told:
            return
        if not news.is_customer_known:
            raise CustomerUnknownError(f"The customer of order {order_id} has not been heard of yet.")
        letter = None if news.username is None else letters.write(news, goods)
        await work.notifications.add(news, letter, datetime.now(UTC))
