import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from libs.mail import smtp
from libs.mail.message import MailRefusedError, MailServerUnavailable, OutgoingEmail, TemporaryMailError
from libs.testing.wait import until
from order_service.notifications import mailer
from order_service.notifications.email import EmailStatus
from order_service.notifications.mailer import BACKOFF, CUSTOMER_WAIT, GIVE_UP_AFTER, Mailer
from order_service.tests.unit.notifications.factories import an_email
from order_service.tests.unit.notifications.fakes import Entry, FakeRenderer, FakeTransport, FakeUnitOfWork


class Office:
    """A mail server, and e-mails that wait."""

    def __init__(self) -> None:
        self.work = FakeUnitOfWork()
        self.server = FakeTransport(lambda: self.work.is_open)
        self.mailer = Mailer(self.work, FakeRenderer(), self.server)

    def write(self, *, ago: timedelta = timedelta(), reason: str | None = None) -> Entry:
        return self.work.emails.put(an_email(at=datetime.now(UTC) - ago, reason=reason))


@pytest.fixture
def office() -> Office:
    return Office()


async def test_everything_that_is_due_is_sent_once(office: Office) -> None:
    entries = [office.write() for _ in range(3)]
    await office.mailer.send_due()
    await office.mailer.send_due()
    assert office.server.sent == [(entry.email.name, "ada@example.com") for entry in entries]
    assert {entry.status for entry in entries} == {EmailStatus.SENT}
    assert office.server.is_closed


async def test_while_the_server_is_away_all_wait_and_nothing_counts_against_them(office: Office) -> None:
    entries = [office.write() for _ in range(2)]
    office.server.faults = [MailServerUnavailable("no route")]
    with pytest.raises(MailServerUnavailable):
        await office.mailer.send_due()
    assert office.server.sent == []
    assert {(entry.status, entry.email.attempts) for entry in entries} == {(EmailStatus.WAITING, 0)}
    await office.mailer.send_due()
    assert len(office.server.sent) == 2


async def test_an_email_that_is_deferred_does_not_hold_up_the_others(office: Office) -> None:
    first, second = [office.write() for _ in range(2)]
    office.server.faults = [TemporaryMailError("451 later, please")]
    await office.mailer.send_due()
    assert office.server.sent == [(second.email.name, "ada@example.com")]
    assert (first.status, first.email.attempts, first.reason) == (EmailStatus.WAITING, 1, "451 later, please")
    assert first.due_at is not None
    assert first.due_at > datetime.now(UTC)


async def test_an_email_that_is_deferred_for_days_is_given_up(office: Office) -> None:
    entry = office.write(ago=GIVE_UP_AFTER + timedelta(seconds=1))
    office.server.faults = [TemporaryMailError("451 later, please")]
    await office.mailer.send_due()
    assert (entry.status, entry.reason) == (EmailStatus.REFUSED, "451 later, please")


async def test_an_email_that_is_refused_is_not_sent_again(office: Office) -> None:
    entry = office.write()
    office.server.faults = [MailRefusedError("550 no such person")]
    await office.mailer.send_due()
    await office.mailer.send_due()
    assert office.server.sent == []
    assert (entry.status, entry.reason) == (EmailStatus.REFUSED, "550 no such person")


async def test_an_email_that_cannot_be_rendered_waits_and_does_not_hold_up_the_others(office: Office) -> None:
    broken, other = office.write(reason="a slip in the template"), office.write()
    await office.mailer.send_due()
    assert office.server.sent == [(other.email.name, "ada@example.com")]
    assert (broken.status, broken.email.attempts) == (EmailStatus.WAITING, 1)
    assert broken.due_at is not None
    assert broken.due_at > datetime.now(UTC)


async def test_a_deleted_customer_gets_nothing(office: Office) -> None:
    entry = office.write()
    entry.email = replace(entry.email, username=None, address=None)
    await office.mailer.send_due()
    assert office.server.sent == []
    assert entry.status is EmailStatus.UNADDRESSED


@pytest.mark.parametrize("ago", [timedelta(), timedelta(seconds=20), GIVE_UP_AFTER * 2])
async def test_an_email_whose_customer_is_not_known_yet_waits(office: Office, ago: timedelta) -> None:
    """Twice as long each time, up to a limit, however long that takes."""
    stranger, other = office.write(ago=ago), office.write()
    known = stranger.email
    stranger.email = replace(known, is_customer_known=False, username=None, address=None)
    now = datetime.now(UTC)
    await office.mailer.send_due()
    assert office.server.sent == [(other.email.name, "ada@example.com")]
    assert (stranger.status, stranger.email.attempts, stranger.reason) == (EmailStatus.WAITING, 0, None)
    assert stranger.due_at is not None
    expected = min(max(ago, CUSTOMER_WAIT[0]), CUSTOMER_WAIT[1])
    assert expected <= stranger.due_at - now < expected + timedelta(seconds=5)
    stranger.email, stranger.due_at = known, now
    await office.mailer.send_due()
    assert stranger.status is EmailStatus.SENT


@pytest.mark.parametrize(
    ("outcome", "status"), [(None, EmailStatus.SENT), (MailServerUnavailable("no route"), EmailStatus.WAITING)]
)
async def test_a_worker_that_stops_finishes_the_email_in_its_hands(
    office: Office, monkeypatch: pytest.MonkeyPatch, outcome: Exception | None, status: EmailStatus
) -> None:
    entry = office.write()
    waiting = office.write()
    handed_over = asyncio.Event()

    async def slowly(email: OutgoingEmail) -> None:
        office.server.sent.append((email.name, email.address))
        await handed_over.wait()
        if outcome is not None:
            raise outcome

    monkeypatch.setattr(office.server, "send", slowly)
    task = asyncio.create_task(office.mailer.send_due())
    await until(lambda: office.server.sent)
    task.cancel()
    handed_over.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (entry.status, waiting.status) == (status, EmailStatus.WAITING)


def test_a_lease_outlasts_what_it_is_for() -> None:
    assert mailer.LEASE.total_seconds() > smtp.ANSWER_TIMEOUT + smtp.SEND_TIMEOUT


def test_delays_grow_to_a_limit() -> None:
    delays = [BACKOFF.delay(failures) for failures in range(1, 20)]
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (10, 15 * 60)


def test_an_email_has_one_name_whatever_happens_to_it() -> None:
    email = an_email()
    assert email.name == f"order-{email.change.order_id}-1"
    assert email.name == replace(email, attempts=7, address="new@example.com").name
