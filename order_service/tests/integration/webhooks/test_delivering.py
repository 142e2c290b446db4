"""From an event on the bus to a receiver, with real workers."""

import asyncio
import time
from contextlib import AsyncExitStack
from uuid import UUID

import pytest

from libs.process.ids import new_id
from libs.testing.wait import until
from order_service.tests.integration.webhooks.hooked import Hooked
from order_service.tests.integration.webhooks.receiver import (
    Behaviour,
    Receiver,
    answers_without_end,
    drips_headers,
    drips_its_body,
    never_answers,
    resets,
    says,
    speaks_no_http,
)
from order_service.webhooks.sender import ATTEMPT_TIMEOUT


async def test_an_event_arrives_as_it_was_told_and_signed(hooked: Hooked, receiver: Receiver) -> None:
    webhook = await hooked.register(receiver)
    async with hooked.worker():
        user_id = await hooked.tell_of_user()
        (delivery,) = await hooked.until_delivered(webhook, 1)
    (request,) = receiver.requests
    assert request.target == "/events?token=confidential"
    assert request.event["type"] == "user.updated"
    assert request.event["data"]["email"] == f"{user_id.hex}@example.com"
    assert request.headers["content-type"] == "application/cloudevents+json; charset=UTF-8"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert request.headers["user-agent"].startswith("shop-webhooks/")
    assert request.headers["webhook-id"] == request.event["id"] == delivery["event_id"]
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60
    assert request.is_signed_with(webhook["secret"])
    shown = await hooked.delivery(webhook, delivery)
    assert (shown["event"], shown["subject"]) == (request.event, str(user_id))
    assert [(each["status_code"], each["error"]) for each in shown["attempts"]] == [(204, None)]


async def test_of_what_nobody_has_asked_for_nothing_is_kept(hooked: Hooked, receiver: Receiver) -> None:
    webhook = await hooked.register(receiver, "order.*", "user.deleted")
    off = await hooked.register(receiver, "*", is_active=False)
    async with hooked.worker():
        for _ in range(10):
            await hooked.tell_of_user()
        await hooked.until_all_is_read()
        gone = await hooked.tell_of_deleted_user()
        await hooked.until_delivered(webhook, 1)
    assert await hooked.sql("SELECT subject FROM webhook_events") == [gone]
    assert await hooked.deliveries(off) == []


async def test_what_happened_before_is_not_told(hooked: Hooked, receiver: Receiver) -> None:
    """As when a week of events is played back to a queue that was lost."""
    webhook = await hooked.register(receiver)
    await hooked.sql("UPDATE webhooks SET subscribed_since = jsonb_build_object('user.*', now() + interval '1 hour')")
    async with hooked.worker():
        await hooked.tell_of_user()
        await hooked.until_all_is_read()
    assert await hooked.deliveries(webhook) == []


async def test_once_however_often_and_by_whomever_the_event_is_read(hooked: Hooked, receiver: Receiver) -> None:
    webhook, other = await hooked.register(receiver), await hooked.register(receiver, "user.updated", "*")
    user_id = new_id()
    async with hooked.worker(), hooked.worker(), hooked.worker():
        # Each round is an event of its own, as an announcement that is made again is.
        for _ in range(10):
            await hooked.tell_of_user(user_id=user_id, times=3)
        await hooked.tell_of_user(user_id=user_id, version=3)
        await hooked.until_all_is_read()
        await hooked.until_delivered(webhook, 2)
        await hooked.until_delivered(other, 2)
    assert sorted(request.event["sequence"] for request in receiver.of(user_id)) == ["2", "2", "3", "3"]


BAD: dict[str, Behaviour] = {
    "silent": never_answers,
    "endless": answers_without_end,
    "slow": drips_headers,
    "redirecting": says(307, b"", b"Location: http://127.0.0.1:1/"),
    "resetting": resets,
    "failing": says(500),
    "odd": speaks_no_http,
}


async def test_bad_receivers_delay_nobody_else(hooked: Hooked, receiver: Receiver) -> None:
    async with AsyncExitStack() as stack:
        bad = [await stack.enter_async_context(Receiver(behaviour)) for behaviour in BAD.values()]
        gone = Receiver()
        async with gone:
            pass
        for each in (*bad, gone):
            await hooked.register(each, "user.updated")
        # Also one of which no address is known, and one that does not speak TLS.
        for url in ("http://no-such-host.invalid/", f"https://127.0.0.1:{bad[0].port}/"):
            await hooked.admin.http.post("/webhook", json={"url": url, "types": ["user.updated"]})
        webhook = await hooked.register(receiver, "user.deleted")
        async with hooked.worker():
            # More than are sent to one receiver at once.
            for _ in range(6):
                await hooked.tell_of_user()
            await until(lambda: all(each.requests for each in bad))
            started = time.monotonic()
            for _ in range(10):
                await hooked.tell_of_deleted_user()
            await hooked.until_delivered(webhook, 10)
            taken = time.monotonic() - started
        # The silent ones have not even been given up once.
        assert taken < ATTEMPT_TIMEOUT


@pytest.mark.parametrize(
    ("behaviour", "status", "told"),
    [
        (says(500, b"\xff oops \0"), 500, "\ufffd oops \ufffd"),
        (says(301, b"", b"Location: http://127.0.0.1:1/"), 301, ""),
        (answers_without_end, 500, "x" * 1024),
        (resets, None, "no proper answer"),
        (speaks_no_http, None, "no proper answer"),
    ],
    ids=["500", "301", "endless", "reset", "no HTTP"],
)
async def test_what_is_not_taken_is_tried_again(
    hooked: Hooked, receiver: Receiver, behaviour: Behaviour, status: int | None, told: str
) -> None:
    receiver.behaviour = behaviour
    webhook = await hooked.register(receiver)
    async with hooked.worker() as worker:
        await hooked.tell_of_user()
        delivery = await hooked.until_tried(webhook)
        (attempt,) = delivery["attempts"]
        assert attempt["status_code"] == status
        assert (attempt["response"] == told) if status else told in attempt["error"]
        assert (delivery["status"], delivery["settled_at"]) == ("pending", None)
        assert delivery["next_attempt_at"] is not None
        assert (await hooked.read(webhook))["failing_since"] is not None
        receiver.behaviour = says(200, b"thanks")
        await hooked.time_passes()
        await hooked.until_delivered(webhook, 1)
        assert 'webhook_attempts_total{outcome="retried"}' in (await worker.get("/metrics")).text
    shown = await hooked.delivery(webhook, delivery)
    assert [each["number"] for each in shown["attempts"]] == [2, 1]
    assert shown["attempts"][0]["response"] == "thanks"
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert (await hooked.read(webhook))["failing_since"] is None


async def test_an_answer_counts_whose_rest_never_comes(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("order_service.webhooks.sender.ATTEMPT_TIMEOUT", 0.5)
    receiver.behaviour = drips_its_body
    webhook = await hooked.register(receiver)
    async with hooked.worker():
        await hooked.tell_of_user()
        (attempt,) = (await hooked.until_tried(webhook))["attempts"]
    assert (attempt["status_code"], attempt["response"]) == (503, "not")


async def test_silence_has_an_end(hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("order_service.webhooks.sender.ATTEMPT_TIMEOUT", 0.5)
    receiver.behaviour = never_answers
    webhook = await hooked.register(receiver)
    async with hooked.worker():
        await hooked.tell_of_user()
        (attempt,) = (await hooked.until_tried(webhook))["attempts"]
    assert (attempt["status_code"], attempt["error"]) == (None, "no answer within 0.5 s")


async def test_given_up_in_the_end_and_sent_again_by_hand(hooked: Hooked, receiver: Receiver) -> None:
    receiver.behaviour = says(500)
    webhook = await hooked.register(receiver)
    async with hooked.worker():
        await hooked.tell_of_user()
        for times in range(1, 9):
            delivery = await hooked.until_tried(webhook, times)
            await hooked.time_passes()
        assert (delivery["status"], delivery["attempt_count"], delivery["next_attempt_at"]) == ("failed", 8, None)
        receiver.behaviour = says(204)
        again = await hooked.post(webhook, f"deliveries/{delivery['id']}/resend")
        assert again["status"] in {"pending", "delivered"}
        await hooked.until_delivered(webhook, 1)
        # And once more, though it has arrived.
        await hooked.post(webhook, f"deliveries/{delivery['id']}/resend")
        await until(lambda: len(receiver.requests) == 10)
        await hooked.until_delivered(webhook, 1)
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1


async def test_gone_switches_it_off_until_an_admin_wants_it_back(hooked: Hooked, receiver: Receiver) -> None:
    receiver.behaviour = says(410)
    webhook = await hooked.register(receiver)
    async with hooked.worker():
        await hooked.tell_of_user()
        delivery = await hooked.until_tried(webhook)
        assert delivery["status"] == "failed"
        seen = await hooked.read(webhook)
        assert (seen["is_active"], seen["version"]) == (False, 2)
        assert "410" in seen["disabled_reason"]
        assert len(receiver.requests) == 1
        receiver.behaviour = says(204)
        seen = await hooked.change(webhook, is_active=True)
        assert (seen["is_active"], seen["disabled_reason"], seen["failing_since"]) == (True, None, None)
        await hooked.tell_of_user()
        await hooked.until_delivered(webhook, 1)


async def test_failing_for_days_switches_it_off_and_what_waits_goes_on_later(
    hooked: Hooked, receiver: Receiver
) -> None:
    receiver.behaviour = says(500)
    webhook = await hooked.register(receiver)
    async with hooked.worker():
        await hooked.tell_of_user()
        await hooked.until_tried(webhook)
        await hooked.sql("UPDATE webhooks SET failures = 9, failing_since = now() - interval '5 days'")
        await hooked.time_passes()
        delivery = await hooked.until_tried(webhook, 2)
        seen = await hooked.read(webhook)
        assert (seen["is_active"], delivery["status"]) == (False, "pending")
        assert "10 attempts" in seen["disabled_reason"]
        receiver.behaviour = says(204)
        await hooked.time_passes()
        await hooked.change(webhook, is_active=True)
        await hooked.until_delivered(webhook, 1)


async def test_both_secrets_sign_after_a_change(hooked: Hooked, receiver: Receiver) -> None:
    webhook = await hooked.register(receiver)
    changed = await hooked.post(webhook, "secret", 200)
    async with hooked.worker():
        await hooked.tell_of_user()
        await hooked.until_delivered(webhook, 1)
    (request,) = receiver.requests
    assert request.is_signed_with(webhook["secret"])
    assert request.is_signed_with(changed["secret"])
    assert len(request.headers["webhook-signature"].split(" ")) == 2


async def test_a_ping_goes_the_way_of_all_events(hooked: Hooked, receiver: Receiver) -> None:
    webhook = await hooked.register(receiver, "order.paid")
    pings = [await hooked.post(webhook, "ping") for _ in range(2)]
    async with hooked.worker():
        await hooked.until_delivered(webhook, 2)
    assert {request.event["id"] for request in receiver.requests} == {ping["event_id"] for ping in pings}
    assert {request.event["type"] for request in receiver.requests} == {"webhook.ping"}
    assert all(request.is_signed_with(webhook["secret"]) for request in receiver.requests)


async def test_nothing_is_sent_to_a_webhook_that_was_deleted(hooked: Hooked, receiver: Receiver) -> None:
    receiver.behaviour = says(500)
    webhook, kept = await hooked.register(receiver), await hooked.register(receiver)
    async with hooked.worker():
        await hooked.tell_of_user()
        await hooked.until_tried(webhook)
        await hooked.until_tried(kept)
        assert (await hooked.admin.http.delete(f"/webhook/{webhook['id']}")).status_code == 204
        receiver.behaviour = says(204)
        await hooked.time_passes()
        await hooked.until_delivered(kept, 1)
    assert len(receiver.requests) == 3
    assert await hooked.sql("SELECT count(*) FROM webhooks WHERE secrets = '[]'") == [1]


async def test_several_workers_share_the_deliveries(hooked: Hooked, receiver: Receiver) -> None:
    webhook = await hooked.register(receiver)
    async with hooked.worker(), hooked.worker(), hooked.worker():
        for _ in range(50):
            await hooked.tell_of_user()
        await hooked.until_delivered(webhook, 50)
    assert len(receiver.requests) == len({UUID(request.headers["webhook-id"]) for request in receiver.requests}) == 50


async def test_few_at_once_to_one_receiver(hooked: Hooked, receiver: Receiver) -> None:
    at_once, most = 0, 0

    async def slowly(writer: asyncio.StreamWriter) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.1)
        at_once -= 1
        await says(204)(writer)

    receiver.behaviour = slowly
    webhook = await hooked.register(receiver)
    for _ in range(20):
        await hooked.post(webhook, "ping")
    async with hooked.worker():
        await hooked.until_delivered(webhook, 20)
    assert 2 <= most <= 4
