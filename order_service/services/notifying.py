"""Telling customers: what is to be said is written down once, whatever events come and however often."""

from datetime import UTC, datetime

from order_service.domain.notices import CustomerUnknownError, Letter, Letters, News, Occasion
from order_service.domain.ports import UnitOfWorkFactory


async def notify(uow: UnitOfWorkFactory, letters: Letters, *occasions: Occasion) -> None:
    """All in one transaction, or none. Raises `CustomerUnknownError`, after which each can be tried again."""
    async with uow() as work:
        told = await work.notifications.news({(each.order_id, each.version) for each in occasions})
        written: dict[News, Letter | None] = {}
        for occasion in occasions:
            news = told.get((occasion.order_id, occasion.version))
            # Two events tell the same where the order changed otherwise in between, or was announced again.
            if news is None or news.is_told or news in written:
                continue
            if not news.is_customer_known:
                raise CustomerUnknownError(f"The customer of order {news.order_id} has not been heard of yet.")
            written[news] = None if news.username is None else letters.write(news, occasion.goods)
        if written:
            await work.notifications.add(written, datetime.now(UTC))
