from dataclasses import replace
from datetime import UTC, datetime

import pytest

from order_service.domain.notices import CustomerUnknownError, Delivery, Letter, News, Occasion
from order_service.domain.products import Offer
from order_service.domain.status import Status
from order_service.services.notifying import notify
from order_service.tests.things import a_product, an_offer
from order_service.tests.unit.fakes import FakeUnitOfWork
from order_service.tests.unit.news import some_news


class Scribe:
    """Writes letters that only say what they are about."""

    def write(self, news: News, goods: Offer) -> Letter:
        return Letter(news.status, f"{goods.total} {goods.currency}", "")


def an_occasion(work: FakeUnitOfWork, news: News, version: int | None = None) -> Occasion:
    """An event that tells of the news, be it of a later version."""
    occasion = Occasion(news.order_id, version or news.version, an_offer())
    work.notifications.found[occasion.order_id, occasion.version] = news
    return occasion


async def told(work: FakeUnitOfWork, news: News, version: int | None = None) -> None:
    await notify(work, Scribe(), an_occasion(work, news, version))


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
    await notify(work, Scribe(), Occasion(news.order_id, 1, an_offer()))
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


async def test_many_events_are_told_at_once_and_the_same_news_once() -> None:
    work = FakeUnitOfWork()
    placed, paid, gone = some_news(Status.PENDING), some_news(Status.PAID, version=3), some_news(Status.SHIPPED)
    nobodys = some_news(Status.PENDING)
    await told(work, known := some_news(Status.PENDING))
    before = work.notifications.stored[known.order_id, 1]
    occasions = [
        an_occasion(work, placed),
        an_occasion(work, known),
        an_occasion(work, paid, 4),
        an_occasion(work, placed, 2),
        Occasion(nobodys.order_id, 1, an_offer()),
        an_occasion(work, replace(gone, username=None)),
        an_occasion(work, paid),
        an_occasion(work, placed),
    ]
    await notify(work, Scribe(), *occasions)
    stored = work.notifications.stored
    assert {key: entry.delivery for key, entry in stored.items()} == {
        (known.order_id, 1): Delivery.WAITING,
        (placed.order_id, 1): Delivery.WAITING,
        (paid.order_id, 3): Delivery.WAITING,
        (gone.order_id, 1): Delivery.UNADDRESSED,
    }
    assert stored[known.order_id, 1] is before


async def test_of_two_events_with_the_same_news_the_first_writes_the_letter() -> None:
    work = FakeUnitOfWork()
    news = some_news(Status.PENDING)
    lamps, desks = an_offer((a_product(amount="1.00"), 1)), an_offer((a_product(amount="2.00"), 1))
    first, second = an_occasion(work, news), an_occasion(work, news, 2)
    await notify(work, Scribe(), replace(first, goods=lamps), replace(second, goods=desks))
    (entry,) = work.notifications.stored.values()
    assert entry.mail.letter.text == "1.00 EUR"


async def test_one_customer_who_is_not_known_yet_keeps_all_from_being_told() -> None:
    """They are handled one by one then."""
    work = FakeUnitOfWork()
    unknown = replace(some_news(Status.PENDING), is_customer_known=False, username=None)
    occasions = [an_occasion(work, each) for each in (some_news(Status.PENDING), unknown, some_news(Status.PAID))]
    with pytest.raises(CustomerUnknownError, match=str(unknown.order_id)):
        await notify(work, Scribe(), *occasions)
    assert work.notifications.stored == {}
