from datetime import UTC, datetime, timedelta

import pytest

from libs.errors import VersionConflict
from libs.process.ids import new_id
from order_service.tests.things import LATER, NOW
from order_service.tests.unit.webhooks.fakes import URL, FakeEndpoint, FakeUnitOfWork, a_webhook
from order_service.webhooks.delivery import RETRY_DELAYS, WebhookEvent, retry_delay
from order_service.webhooks.exceptions import DeliveryNotFound, WebhookInactive, WebhookNotFound, WebhookUrlRefused
from order_service.webhooks.sender import signed_headers
from order_service.webhooks.service import WebhookRegistry, delete, fan_out, ping, resend, rotate_secret
from order_service.webhooks.webhook import (
    DISABLE_AFTER,
    DISABLE_AFTER_FAILURES,
    MAX_SECRETS,
    SECRET_OVERLAP,
    Secret,
    Subscription,
    patterns_for,
)


@pytest.fixture
def work() -> FakeUnitOfWork:
    return FakeUnitOfWork()


@pytest.fixture
def registry(work: FakeUnitOfWork) -> WebhookRegistry:
    return WebhookRegistry(work, FakeEndpoint(lambda: work.is_open))


def an_event(event_type: str = "order.paid") -> WebhookEvent:
    return WebhookEvent(new_id(), event_type, new_id(), 3, "{}")


def test_a_signature_as_standard_webhooks_has_it() -> None:
    """Its own example, from the tests of its libraries."""
    secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    assert signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", [secret], '{"test": 2432232314}', at) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_that_was_replaced_signs_for_a_day() -> None:
    webhook = a_webhook()
    first = webhook.secrets[0].value
    webhook.rotate_secret(NOW)
    second = webhook.secrets[0].value
    webhook.rotate_secret(LATER)

    def signing(at: datetime) -> list[str]:
        return [secret.value for secret in webhook.secrets if secret.is_valid_at(at)]

    assert signing(LATER) == [webhook.secrets[0].value, second, first]
    assert signing(NOW + SECRET_OVERLAP) == [webhook.secrets[0].value, second]
    assert signing(LATER + SECRET_OVERLAP) == [webhook.secrets[0].value]
    webhook.rotate_secret(LATER + SECRET_OVERLAP)
    assert len(webhook.secrets) == 2
    for _ in range(MAX_SECRETS):
        webhook.rotate_secret(LATER)
    assert len(webhook.secrets) == MAX_SECRETS


def test_a_secret_shows_itself_in_no_log() -> None:
    secret = Secret.generate()
    assert secret.value not in repr(a_webhook()) + repr(secret)
    assert secret.value != Secret.generate().value


def test_pauses_grow_and_have_an_end() -> None:
    pauses = [retry_delay(failed, 0.5) for failed in range(1, 9)]
    assert pauses == [*RETRY_DELAYS, None]
    assert [retry_delay(1, chance) for chance in (0, 1)] == [timedelta(seconds=4.5), timedelta(seconds=5.5)]


def test_what_a_webhook_may_ask_for() -> None:
    assert patterns_for("order.paid") == ("order.paid", "order.*", "*")


def test_changing_nothing_is_no_new_version() -> None:
    webhook = a_webhook("order.paid")
    webhook.change({"url": webhook.url, "types": ("order.paid",), "is_active": True}, NOW)
    assert webhook.version == 1
    webhook.change({"description": "Books"}, NOW)
    assert (webhook.version, webhook.description, webhook.updated_at) == (2, "Books", NOW)


def test_it_switches_itself_off_after_days_of_failures_only() -> None:
    webhook = a_webhook()
    for _ in range(DISABLE_AFTER_FAILURES + 5):
        webhook.record_failure(URL, NOW, is_gone=False)
    assert (webhook.is_active, webhook.version) == (True, 1)
    webhook.record_failure("https://where.it.was.before", NOW + DISABLE_AFTER, is_gone=True)
    assert webhook.is_active
    webhook.record_failure(URL, NOW + DISABLE_AFTER, is_gone=False)
    assert (webhook.is_active, webhook.version) == (False, 2)
    assert webhook.disabled_reason == "Each of 16 attempts since 2026-03-01 has failed."


def test_a_few_failures_far_apart_are_bad_luck() -> None:
    webhook = a_webhook()
    for days in range(DISABLE_AFTER_FAILURES - 1):
        webhook.record_failure(URL, NOW + timedelta(days=days), is_gone=False)
    assert webhook.is_active
    webhook.record_success()
    webhook.record_failure(URL, NOW + timedelta(days=30), is_gone=False)
    assert webhook.is_active


def test_gone_is_gone() -> None:
    webhook = a_webhook()
    webhook.record_failure(URL, NOW, is_gone=True)
    assert (webhook.is_active, webhook.disabled_reason) == (False, "The receiver answered 410 Gone.")
    webhook.change({"is_active": True}, LATER)
    assert (webhook.disabled_reason, webhook.failing_since, webhook.failures) == (None, None, 0)
    assert webhook.subscribed_since == {"*": LATER}


def test_a_new_url_is_a_new_chance() -> None:
    webhook = a_webhook()
    webhook.record_failure(URL, NOW, is_gone=False)
    webhook.change({"url": "https://other.example.com"}, LATER)
    assert webhook.failing_since is None


async def test_a_url_is_judged_before_anything_is_stored(work: FakeUnitOfWork, registry: WebhookRegistry) -> None:
    with pytest.raises(WebhookUrlRefused):
        await registry.create("https://private", ["*"], None, True)
    webhook = await registry.create(URL, ["*"], None, True)
    with pytest.raises(WebhookUrlRefused):
        await registry.update(webhook.id, {"url": "https://private"}, None)
    assert [each.url for each in work.webhooks.stored.values()] == [URL]


async def test_changes_are_conditional(work: FakeUnitOfWork, registry: WebhookRegistry) -> None:
    webhook = await registry.create(URL, ["*"], None, True)
    with pytest.raises(VersionConflict):
        await registry.update(webhook.id, {"description": "x"}, {2})
    with pytest.raises(VersionConflict):
        await rotate_secret(work, webhook.id, {2})
    with pytest.raises(VersionConflict):
        await delete(work, webhook.id, {2})
    await delete(work, webhook.id, {1})
    with pytest.raises(WebhookNotFound):
        await delete(work, webhook.id, None)


async def test_an_event_is_noted_for_whom_it_is(work: FakeUnitOfWork) -> None:
    paid, orders, everything, users = (a_webhook(each) for each in ("order.paid", "order.*", "*", "user.*"))
    off = a_webhook()
    off.change({"is_active": False}, NOW)
    for each in (paid, orders, everything, users, off):
        await work.webhooks.add(each)
    event = an_event()
    for _ in range(3):
        await fan_out(work, (event, datetime.now(UTC)))
    assert [each.webhook_id for each in work.deliveries.stored.values()] == [paid.id, orders.id, everything.id]


async def test_what_happened_before_it_was_there_is_not_for_it(work: FakeUnitOfWork) -> None:
    await work.webhooks.add(a_webhook())
    await fan_out(work, (an_event(), datetime.now(UTC) - timedelta(days=1)))
    assert work.deliveries.stored == {}


def test_a_type_that_is_added_is_not_for_what_happened_before() -> None:
    webhook = a_webhook("order.paid")
    webhook.subscribed_since = {"order.paid": NOW}
    webhook.change({"types": ("order.paid", "user.*")}, LATER)
    assert webhook.subscribed_since == {"order.paid": NOW, "user.*": LATER}
    subscription = Subscription(webhook.id, webhook.subscribed_since)
    assert subscription.matches("order.paid", NOW)
    assert not subscription.matches("user.created", NOW)
    assert subscription.matches("user.created", LATER)
    webhook.change({"types": ("user.*",)}, LATER)
    assert webhook.subscribed_since == {"user.*": LATER}


async def test_a_webhook_that_is_off_is_neither_pinged_nor_sent_to_again(work: FakeUnitOfWork) -> None:
    webhook = a_webhook()
    await work.webhooks.add(webhook)
    delivery_id = await ping(work, webhook.id)
    with pytest.raises(DeliveryNotFound):
        await resend(work, webhook.id, new_id())
    webhook.change({"is_active": False}, NOW)
    with pytest.raises(WebhookInactive):
        await resend(work, webhook.id, delivery_id)
    with pytest.raises(WebhookInactive):
        await ping(work, webhook.id)
