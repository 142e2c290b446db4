"""What is left after a crash, and what is kept for how long."""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from libs.testing.databases import ROOT
from libs.testing.proxy import Proxy
from libs.testing.wait import until
from order_service.tests.integration.shop import ok, refused
from order_service.tests.integration.webhooks.hooked import Hooked
from order_service.tests.integration.webhooks.receiver import Receiver, says
from order_service.tests.integration.workers import working
from order_service.webhooks.delivery import AttemptResult, DeliveryStatus
from order_service.webhooks.service import delete, ping, purge_expired, resend
from order_service.webhooks.webhook import MAX_WEBHOOKS

ANSWER = AttemptResult(204, None, "", 0.01)


@pytest.mark.parametrize(("where", "copies"), [("webhook.claimed", 1), ("webhook.sent", 2)])
async def test_a_worker_that_is_killed_in_between(hooked: Hooked, receiver: Receiver, where: str, copies: int) -> None:
    webhook = await hooked.register(receiver)
    delivery_id = await ping(hooked.shop.uow, UUID(webhook["id"]))
    killed = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "order_service.worker:app", "--port", "0", "--log-level", "warning"),
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": hooked.database_url,
            "AMQP_URL": hooked.amqp_url,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_TLS": "none",
            "MAIL_FROM": "shop@example.com",
            "WEBHOOKS_ALLOW_HTTP": "true",
            "WEBHOOKS_ALLOW_PRIVATE": "true",
            "SHOP_FAILPOINTS": where,
        },
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await asyncio.wait_for(killed.wait(), 60) == -signal.SIGKILL
    (left,) = await hooked.deliveries(webhook)
    # Until the claim has run out nobody else sends it.
    assert (left["status"], left["attempt_count"], left["next_attempt_at"]) == ("pending", 1, None)
    await hooked.time_passes()
    async with hooked.worker():
        await hooked.until_delivered(webhook, 1)
    # Twice where nobody could know; by its id the receiver sees that it is the same.
    assert [request.headers["webhook-id"] for request in receiver.requests] == [left["event_id"]] * copies
    shown = await hooked.delivery(webhook, {"id": delivery_id})
    assert [attempt["number"] for attempt in shown["attempts"]] == [2]


async def test_whoever_was_frozen_comes_too_late(hooked: Hooked, receiver: Receiver) -> None:
    webhook_id = UUID((await hooked.register(receiver))["id"])
    await ping(hooked.shop.uow, webhook_id)
    now = datetime.now(UTC)
    async with hooked.shop.uow() as work:
        frozen = await work.deliveries.claim(webhook_id, now, now)
        assert await work.deliveries.claim(webhook_id, now - timedelta(seconds=1), now) is None
    async with hooked.shop.uow() as work:
        second = await work.deliveries.claim(webhook_id, now, now + timedelta(minutes=1))
        assert await work.deliveries.claim(webhook_id, now, now + timedelta(minutes=1)) is None
    assert frozen is not None
    assert second is not None
    assert (frozen.number, second.number, second.event_id) == (1, 2, frozen.event_id)
    async with hooked.shop.uow() as work:
        settle = partial(work.deliveries.settle, status=DeliveryStatus.DELIVERED, due_at=None, now=now)
        assert [await settle(frozen, ANSWER), await settle(second, ANSWER), await settle(second, ANSWER)] == [
            False,
            True,
            False,
        ]


async def test_what_is_just_being_sent_is_not_sent_beside_that(hooked: Hooked, receiver: Receiver) -> None:
    webhook_id = UUID((await hooked.register(receiver))["id"])
    delivery_id = await ping(hooked.shop.uow, webhook_id)
    now = datetime.now(UTC)
    async with hooked.shop.uow() as work:
        claimed = await work.deliveries.claim(webhook_id, now, now + timedelta(minutes=1))
    await resend(hooked.shop.uow, webhook_id, delivery_id)
    assert claimed is not None
    async with hooked.shop.uow() as work:
        assert await work.deliveries.due(datetime.now(UTC), 4) == {}
        assert await work.deliveries.settle(claimed, ANSWER, DeliveryStatus.DELIVERED, None, now)


async def test_one_that_is_asked_for_during_its_last_attempt_is_tried_again(hooked: Hooked, receiver: Receiver) -> None:
    receiver.behaviour = says(500)
    webhook = await hooked.register(receiver)
    async with hooked.worker():
        await hooked.tell_of_user()
        delivery = await hooked.until_tried(webhook)
        await hooked.sql("UPDATE webhook_deliveries SET tries = 7")

        async def asked_for_meanwhile(writer: asyncio.StreamWriter) -> None:
            await hooked.post(webhook, f"deliveries/{delivery['id']}/resend")
            await says(500)(writer)

        receiver.behaviour = asked_for_meanwhile
        await hooked.time_passes()
        delivery = await hooked.until_tried(webhook, 2)
    assert (delivery["status"], await hooked.sql("SELECT tries FROM webhook_deliveries")) == ("pending", [1])


async def test_events_are_forgotten_after_30_days(hooked: Hooked, receiver: Receiver) -> None:
    webhook = await hooked.register(receiver)
    async with hooked.worker():
        for _ in range(2):
            await hooked.post(webhook, "ping")
        old, kept = await hooked.until_delivered(webhook, 2)
    await hooked.sql(
        "UPDATE webhook_events SET received_at = now() - interval '30 days 1 minute' WHERE id = :id",
        id=UUID(old["event_id"]),
    )
    await purge_expired(hooked.shop.uow)
    assert [each["id"] for each in await hooked.deliveries(webhook)] == [kept["id"]]
    assert await hooked.sql("SELECT count(*) FROM webhook_attempts") == [1]


async def test_what_a_removed_webhook_has_left_is_cleared_away(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("order_service.webhooks.service.BATCH_SIZE", 2)
    webhook, kept = await hooked.register(receiver), await hooked.register(receiver)
    for each in [webhook] * 5 + [kept]:
        await hooked.post(each, "ping")
    await delete(hooked.shop.uow, UUID(webhook["id"]), None)
    await purge_expired(hooked.shop.uow)
    assert await hooked.sql("SELECT webhook_id FROM webhook_deliveries") == [UUID(kept["id"])]
    await hooked.sql("UPDATE webhooks SET deleted_at = now() - interval '31 days' WHERE deleted_at IS NOT NULL")
    await purge_expired(hooked.shop.uow)
    assert await hooked.sql("SELECT id FROM webhooks") == [UUID(kept["id"])]


async def test_there_may_only_be_some(hooked: Hooked, receiver: Receiver) -> None:
    body = {"url": receiver.url, "types": ["*"], "is_active": False}
    for _ in range(MAX_WEBHOOKS - 1):
        ok(await hooked.admin.http.post("/webhook", json=body), 201)
    answers = await asyncio.gather(*(hooked.admin.http.post("/webhook", json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    (last,) = [answer.json() for answer in answers if answer.status_code == 201]
    await delete(hooked.shop.uow, UUID(last["id"]), None)
    ok(await hooked.admin.http.post("/webhook", json=body), 201)
    refused(await hooked.admin.http.post("/webhook", json=body), 409, "too_many_webhooks")


async def test_while_the_database_is_away_nothing_is_lost(hooked: Hooked, receiver: Receiver) -> None:
    webhook = await hooked.register(receiver)
    async with Proxy(hooked.database_url) as proxy, working(proxy.url, hooked.amqp_url):
        for _ in range(20):
            await hooked.tell_of_user()
        await until(lambda: receiver.requests)
        await proxy.cut()
        for _ in range(20):
            await hooked.tell_of_user()
        await proxy.restore()

        async def all_are_delivered() -> bool:
            # What a sender had claimed that lost its connection.
            await hooked.time_passes()
            return len(await hooked.deliveries(webhook, status="delivered")) == 40

        await until(all_are_delivered, every=0.5)
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 40
