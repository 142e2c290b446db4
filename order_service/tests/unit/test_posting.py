import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from libs.testing.wait import until
from order_service.domain.notices import (
    GIVEN_UP_AFTER,
    LONGEST_PAUSE,
    Delivery,
    Letter,
    Mail,
    MailPutOffError,
    MailRefusedError,
    PostOfficeAwayError,
    pause_after,
)
from order_service.domain.status import Status
from order_service.gateways import mail as smtp
from order_service.services import posting
from order_service.services.posting import Posting
from order_service.tests.unit.fake_post import Entry, FakePostOffice
from order_service.tests.unit.fakes import FakeUnitOfWork
from order_service.tests.unit.news import some_news


class Office:
    """A post office with mails that wait."""

    def __init__(self) -> None:
        self.work = FakeUnitOfWork()
        self.server = FakePostOffice(lambda: self.work.is_open)
        self.posting = Posting(self.work, self.server)

    async def write(self, *, ago: timedelta = timedelta()) -> Entry:
        news = some_news(Status.PENDING)
        await self.work.notifications.add({news: Letter("s", "t", "h")}, datetime.now(UTC) - ago)
        return self.work.notifications.stored[news.order_id, 1]


@pytest.fixture
def office() -> Office:
    return Office()


async def test_everything_that_is_due_is_posted_once(office: Office) -> None:
    entries = [await office.write() for _ in range(3)]
    await office.posting.post_due()
    await office.posting.post_due()
    assert office.server.posted == [(entry.mail.name, "ada@example.com") for entry in entries]
    assert {entry.delivery for entry in entries} == {Delivery.SENT}
    assert office.server.is_closed


async def test_while_the_server_is_away_all_wait_and_nothing_counts_against_them(office: Office) -> None:
    entries = [await office.write() for _ in range(2)]
    office.server.faults = [PostOfficeAwayError("no route")]
    with pytest.raises(PostOfficeAwayError):
        await office.posting.post_due()
    assert office.server.posted == []
    assert {(entry.delivery, entry.mail.attempts) for entry in entries} == {(Delivery.WAITING, 0)}
    await office.posting.post_due()
    assert len(office.server.posted) == 2


async def test_a_mail_that_is_put_off_does_not_hold_up_the_others(office: Office) -> None:
    first, second = [await office.write() for _ in range(2)]
    office.server.faults = [MailPutOffError("451 later, please")]
    await office.posting.post_due()
    assert office.server.posted == [(second.mail.name, "ada@example.com")]
    assert (first.delivery, first.mail.attempts, first.reason) == (Delivery.WAITING, 1, "451 later, please")
    assert first.due_at is not None
    assert first.due_at > datetime.now(UTC)


async def test_a_mail_that_is_put_off_for_days_is_given_up(office: Office) -> None:
    entry = await office.write(ago=GIVEN_UP_AFTER + timedelta(seconds=1))
    office.server.faults = [MailPutOffError("451 later, please")]
    await office.posting.post_due()
    assert (entry.delivery, entry.reason) == (Delivery.REFUSED, "451 later, please")


async def test_a_mail_that_is_refused_is_not_posted_again(office: Office) -> None:
    entry = await office.write()
    office.server.faults = [MailRefusedError("550 no such person")]
    await office.posting.post_due()
    await office.posting.post_due()
    assert office.server.posted == []
    assert (entry.delivery, entry.reason) == (Delivery.REFUSED, "550 no such person")


async def test_a_customer_who_has_gone_meanwhile_gets_nothing(office: Office) -> None:
    entry = await office.write()
    office.work.notifications.address = None
    await office.posting.post_due()
    assert office.server.posted == []
    assert entry.delivery is Delivery.UNADDRESSED


@pytest.mark.parametrize(
    ("outcome", "delivery"), [(None, Delivery.SENT), (PostOfficeAwayError("no route"), Delivery.WAITING)]
)
async def test_a_worker_that_stops_finishes_the_mail_in_its_hands(
    office: Office, monkeypatch: pytest.MonkeyPatch, outcome: Exception | None, delivery: Delivery
) -> None:
    entry = await office.write()
    waiting = await office.write()
    handed_over = asyncio.Event()

    async def slowly(mail: Mail, address: str) -> None:
        office.server.posted.append((mail.name, address))
        await handed_over.wait()
        if outcome is not None:
            raise outcome

    monkeypatch.setattr(office.server, "post", slowly)
    task = asyncio.create_task(office.posting.post_due())
    await until(lambda: office.server.posted)
    task.cancel()
    handed_over.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (entry.delivery, waiting.delivery) == (delivery, Delivery.WAITING)


def test_a_claim_outlasts_what_it_is_for() -> None:
    assert posting.CLAIMED_FOR.total_seconds() > smtp.PATIENCE + smtp.PATIENCE_FOR_ALL


def test_pauses_grow_to_a_limit() -> None:
    pauses = [pause_after(attempts) for attempts in range(20)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(seconds=10), LONGEST_PAUSE)


async def test_a_mail_has_one_name_whatever_happens_to_it(office: Office) -> None:
    mail = (await office.write()).mail
    assert mail.name == f"order-{mail.order_id}-1" == replace(mail, attempts=7, address="new@example.com").name
