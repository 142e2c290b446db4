import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from libs.testing.wait import until
from order_service.tests.unit.webhooks.fakes import (
    FakeEndpoint,
    FakeMetrics,
    FakeUnitOfWork,
    StoredDelivery,
    a_result,
    a_webhook,
)
from order_service.webhooks import dispatcher
from order_service.webhooks import sender as http
from order_service.webhooks.delivery import AttemptResult, DeliveryAttempt, DeliveryStatus
from order_service.webhooks.dispatcher import WebhookDispatcher
from order_service.webhooks.service import ping
from order_service.webhooks.webhook import Webhook


class Office:
    """A webhook, and what is to be sent to it."""

    def __init__(self) -> None:
        self.work = FakeUnitOfWork()
        self.endpoint = FakeEndpoint(lambda: self.work.is_open)
        self.metrics = FakeMetrics()
        self.dispatcher = WebhookDispatcher(self.work, self.endpoint, self.metrics)
        self.webhook = a_webhook()

    @property
    def seen(self) -> Webhook:
        return self.work.webhooks.stored[self.webhook.id]

    async def ping(self) -> StoredDelivery:
        await self.work.webhooks.save(self.webhook)
        delivery_id: UUID = await ping(self.work, self.webhook.id)
        return self.work.deliveries.stored[delivery_id]


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(dispatcher, "POLL_INTERVAL", 0.01)
    return Office()


async def test_everything_that_is_due_is_sent_once(office: Office) -> None:
    entries = [await office.ping() for _ in range(10)]
    await office.dispatcher.deliver_due()
    await office.dispatcher.deliver_due()
    assert {entry.status for entry in entries} == {DeliveryStatus.DELIVERED}
    assert {attempt.event_id for attempt in office.endpoint.sent} == {entry.event.id for entry in entries}
    assert office.metrics.outcomes == ["delivered"] * 10


@pytest.mark.parametrize("result", [a_result(500), a_result(302), a_result(199), a_result(None, "no answer")])
async def test_what_is_not_taken_waits_and_counts_against_the_webhook(office: Office, result: AttemptResult) -> None:
    office.endpoint.results = [result]
    entry = await office.ping()
    await office.dispatcher.deliver_due()
    assert entry.due_at is not None
    assert timedelta(seconds=4) < entry.due_at - datetime.now(UTC) < timedelta(seconds=6)
    assert (entry.status, entry.tries, office.seen.failures) == (DeliveryStatus.PENDING, 1, 1)
    entry.due_at = datetime.now(UTC)
    await office.dispatcher.deliver_due()
    assert (entry.status, office.seen.failures) == (DeliveryStatus.DELIVERED, 0)
    assert office.metrics.outcomes == ["retried", "delivered"]


async def test_after_the_last_try_it_is_given_up(office: Office) -> None:
    office.endpoint.results = [a_result(500)] * 8
    entry = await office.ping()
    for _ in range(9):
        await office.dispatcher.deliver_due()
        entry.due_at = entry.due_at and datetime.now(UTC)
    assert (entry.status, len(entry.attempts)) == (DeliveryStatus.FAILED, 8)
    assert office.metrics.outcomes == [*["retried"] * 7, "failed"]


async def test_gone_ends_it_at_once(office: Office) -> None:
    office.endpoint.results = [a_result(410)]
    entry = await office.ping()
    await office.dispatcher.deliver_due()
    assert (entry.status, office.seen.is_active) == (DeliveryStatus.FAILED, False)


async def test_one_that_somebody_else_has_claimed_meanwhile_is_theirs(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await office.ping()

    async def slowly(attempt: DeliveryAttempt) -> AttemptResult:
        office.endpoint.sent.append(attempt)
        if len(office.endpoint.sent) == 1:
            entry.due_at = datetime.now(UTC)
            await until(lambda: len(office.endpoint.sent) == 2)
            return a_result(500)
        return a_result()

    monkeypatch.setattr(office.endpoint, "send", slowly)
    await office.dispatcher.deliver_due()
    assert (entry.status, len(entry.attempts), len(office.endpoint.sent)) == (DeliveryStatus.DELIVERED, 1, 2)


async def test_a_worker_that_stops_gives_requests_under_way_a_little_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "SHUTDOWN_GRACE", 0.2)
    quick, stuck = await office.ping(), await office.ping()
    released = asyncio.Event()

    async def slowly(attempt: DeliveryAttempt) -> AttemptResult:
        office.endpoint.sent.append(attempt)
        await (released if attempt.event_id == quick.event.id else asyncio.Event()).wait()
        return a_result()

    monkeypatch.setattr(office.endpoint, "send", slowly)
    task = asyncio.create_task(office.dispatcher.deliver_due())
    await until(lambda: len(office.endpoint.sent) == 2)
    task.cancel()
    released.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    # The other is sent again when its claim has run out.
    assert (quick.status, stuck.status) == (DeliveryStatus.DELIVERED, DeliveryStatus.PENDING)
    assert stuck.claim is not None


async def test_a_sender_that_breaks_holds_up_no_other(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, fine = await office.ping(), await office.ping()

    async def send(attempt: DeliveryAttempt) -> AttemptResult:
        if attempt.event_id == broken.event.id:
            raise RuntimeError("a defect")
        return a_result()

    monkeypatch.setattr(office.endpoint, "send", send)
    await office.dispatcher.deliver_due()
    assert (broken.status, fine.status) == (DeliveryStatus.PENDING, DeliveryStatus.DELIVERED)


def test_a_claim_outlasts_what_it_is_for() -> None:
    assert dispatcher.LEASE.total_seconds() > http.ATTEMPT_TIMEOUT + 30
