import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from libs.testing.wait import until
from order_service.domain.telling import Answer, DeliveryStatus, Dispatch
from order_service.domain.webhooks import Webhook
from order_service.gateways import webhooks as http
from order_service.services import sending
from order_service.services.sending import Sending
from order_service.services.webhooks import ping
from order_service.tests.unit.fake_webhooks import Entry, FakeMeter, FakeReceivers, a_webhook, an_answer
from order_service.tests.unit.fakes import FakeUnitOfWork


class Office:
    """A webhook, and what is to be sent to it."""

    def __init__(self) -> None:
        self.work = FakeUnitOfWork()
        self.receivers = FakeReceivers(lambda: self.work.is_open)
        self.meter = FakeMeter()
        self.sending = Sending(self.work, self.receivers, self.meter)
        self.webhook = a_webhook()

    @property
    def seen(self) -> Webhook:
        return self.work.webhooks.stored[self.webhook.id]

    async def ping(self) -> Entry:
        await self.work.webhooks.save(self.webhook)
        delivery_id: UUID = await ping(self.work, self.webhook.id)
        return self.work.deliveries.stored[delivery_id]


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(sending, "LOOK_EVERY", 0.01)
    return Office()


async def test_everything_that_is_due_is_sent_once(office: Office) -> None:
    entries = [await office.ping() for _ in range(10)]
    await office.sending.send_due()
    await office.sending.send_due()
    assert {entry.status for entry in entries} == {DeliveryStatus.DELIVERED}
    assert {dispatch.event_id for dispatch in office.receivers.sent} == {entry.told.id for entry in entries}
    assert office.meter.outcomes == ["delivered"] * 10


@pytest.mark.parametrize("answer", [an_answer(500), an_answer(302), an_answer(199), an_answer(None, "no answer")])
async def test_what_is_not_taken_waits_and_counts_against_the_webhook(office: Office, answer: Answer) -> None:
    office.receivers.answers = [answer]
    entry = await office.ping()
    await office.sending.send_due()
    assert entry.due_at is not None
    assert timedelta(seconds=4) < entry.due_at - datetime.now(UTC) < timedelta(seconds=6)
    assert (entry.status, entry.tries, office.seen.failures) == (DeliveryStatus.PENDING, 1, 1)
    entry.due_at = datetime.now(UTC)
    await office.sending.send_due()
    assert (entry.status, office.seen.failures) == (DeliveryStatus.DELIVERED, 0)
    assert office.meter.outcomes == ["retried", "delivered"]


async def test_after_the_last_try_it_is_given_up(office: Office) -> None:
    office.receivers.answers = [an_answer(500)] * 8
    entry = await office.ping()
    for _ in range(9):
        await office.sending.send_due()
        entry.due_at = entry.due_at and datetime.now(UTC)
    assert (entry.status, len(entry.attempts)) == (DeliveryStatus.FAILED, 8)
    assert office.meter.outcomes == [*["retried"] * 7, "failed"]


async def test_gone_ends_it_at_once(office: Office) -> None:
    office.receivers.answers = [an_answer(410)]
    entry = await office.ping()
    await office.sending.send_due()
    assert (entry.status, office.seen.is_active) == (DeliveryStatus.FAILED, False)


async def test_one_that_somebody_else_has_claimed_meanwhile_is_theirs(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await office.ping()

    async def slowly(dispatch: Dispatch) -> Answer:
        office.receivers.sent.append(dispatch)
        if len(office.receivers.sent) == 1:
            entry.due_at = datetime.now(UTC)
            await until(lambda: len(office.receivers.sent) == 2)
            return an_answer(500)
        return an_answer()

    monkeypatch.setattr(office.receivers, "send", slowly)
    await office.sending.send_due()
    assert (entry.status, len(entry.attempts), len(office.receivers.sent)) == (DeliveryStatus.DELIVERED, 1, 2)


async def test_a_worker_that_stops_gives_requests_under_way_a_little_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "GRACE", 0.2)
    quick, stuck = await office.ping(), await office.ping()
    released = asyncio.Event()

    async def slowly(dispatch: Dispatch) -> Answer:
        office.receivers.sent.append(dispatch)
        await (released if dispatch.event_id == quick.told.id else asyncio.Event()).wait()
        return an_answer()

    monkeypatch.setattr(office.receivers, "send", slowly)
    task = asyncio.create_task(office.sending.send_due())
    await until(lambda: len(office.receivers.sent) == 2)
    task.cancel()
    released.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    # The other is sent again when its claim has run out.
    assert (quick.status, stuck.status) == (DeliveryStatus.DELIVERED, DeliveryStatus.PENDING)
    assert stuck.claim is not None


async def test_a_sender_that_breaks_holds_up_no_other(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, fine = await office.ping(), await office.ping()

    async def send(dispatch: Dispatch) -> Answer:
        if dispatch.event_id == broken.told.id:
            raise RuntimeError("a defect")
        return an_answer()

    monkeypatch.setattr(office.receivers, "send", send)
    await office.sending.send_due()
    assert (broken.status, fine.status) == (DeliveryStatus.PENDING, DeliveryStatus.DELIVERED)


def test_a_claim_outlasts_what_it_is_for() -> None:
    assert sending.CLAIMED_FOR.total_seconds() > http.PATIENCE + 30
