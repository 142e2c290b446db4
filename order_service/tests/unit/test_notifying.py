from dataclasses import replace
from datetime import UTC, datetime

import pytest

from order_service.domain.notices import CustomerUnknownError, Delivery, Letter, News
from order_service.domain.products import Offer
from order_service.domain.status import Status
from order_service.services.notifying import notify
from order_service.tests.things import an_offer
from order_service.tests.unit.fakes import FakeUnitOfWork
from order_service.tests.unit.news import some_news


class Scribe:
    """Writes letters that only say what they are about."""

    def write(self, news: News, goods: Offer) -> Letter:
        return Letter(news.status, f"{goods.total} {goods.currency}", "")


async def told(work: FakeUnitOfWork, news: News, version: int | None = None, *, goods: Offer | None = None) -> None:
    work.notifications.found[news.order_id, version or news.version] = news
    await notify(work, Scribe(), news.order_id, version or news.version, goods or an_offer())


async def test_what_is_new_is_written_down_to_be_posted() -> None:
    work = FakeUnitOfWork()
    news = some_news(Status.PAID, version=3)
    await told(work, news)
    (entry,) = work.notifications.stored.values()
    assert (entry.mail.version, entry.mail.letter.subject, entry.mail.letter.text) == (3, "paid", "39.98 EUR")
    assert entry.delivery is Delivery.WAITING
    assert entry.due_at is not None
    assert entry.due_at <= datetime.now(UTC)


async def test_what_was_told_is_not_told_again() -> None:
    work = FakeUnitOfWork()
    news = some_news(Status.PENDING)
    await told(work, news)
    await told(work, news)
    # A later event that changed something else leads to the same news.
    await told(work, news, version=news.version + 1)
    assert len(work.notifications.stored) == 1


async def test_an_order_that_is_not_there_is_nobodys_news() -> None:
    work = FakeUnitOfWork()
    news = some_news(Status.PENDING)
    await notify(work, Scribe(), news.order_id, 1, an_offer())
    assert work.notifications.stored == {}


async def test_a_customer_whose_event_is_under_way_is_waited_for() -> None:
    work = FakeUnitOfWork()
    news = replace(some_news(Status.PENDING), is_customer_known=False, username=None)
    with pytest.raises(CustomerUnknownError):
        await told(work, news)
    assert work.notifications.stored == {}


async def test_a_customer_who_is_gone_is_told_nothing_and_that_is_kept() -> None:
    work = FakeUnitOfWork()
    await told(work, replace(some_news(Status.PENDING), username=None))
    (entry,) = work.notifications.stored.values()
    assert (entry.delivery, entry.due_at) == (Delivery.UNADDRESSED, None)
