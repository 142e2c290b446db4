"""E-mail to customers, between a real broker, a real database and a real mail server."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from libs.contracts.catalog import Shortage, StockRejected
from libs.contracts.orders import OrderItem, OrderPlaced
from libs.contracts.topology import CATALOG_EVENTS, ORDER_EVENTS
from libs.process.context import trace_of
from libs.testing.databases import ROOT, empty
from libs.testing.wait import until
from order_service.domain.gone import Gone
from order_service.domain.notices import Delivery, Letter, Mail
from order_service.domain.shortages import StockAnswer
from order_service.services.replicas import learn_users
from order_service.services.stock import take_answers
from order_service.tests.integration.bus import Bus, on_the_bus
from order_service.tests.integration.mail_server import MailServer
from order_service.tests.integration.mailbox import Mailbox
from order_service.tests.integration.shop import Caller, Json, Shop, ok

RECEIVED = "We have received your order"
PLEASE_PAY = "Please pay for your order"
CANCELLED = "Your order is cancelled"


@pytest.fixture(scope="module")
async def bus(database_url: str, amqp_url: str) -> AsyncIterator[Bus]:
    # Workers would take up thousands of orders that other tests have left unanswered.
    await empty(database_url)
    async with on_the_bus(amqp_url) as bus:
        yield bus


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as server:
        yield server


@pytest.fixture
def unopened(shop: Shop, bus: Bus, server: MailServer, customer: Caller, database_url: str, amqp_url: str) -> Mailbox:
    return Mailbox(shop, bus, server, customer, database_url, amqp_url)


@pytest.fixture
async def mailbox(unopened: Mailbox) -> Mailbox:
    await unopened.open()
    return unopened


def placed(order: Json) -> OrderPlaced:
    """What the worker has announced, as others may say it again."""
    items = tuple(OrderItem(**item) for item in order["items"])
    return OrderPlaced(
        id=UUID(order["id"]),
        version=1,
        user_id=UUID(order["user_id"]),
        status="pending",
        items=items,
        total=Decimal(order["total"]),
        currency=order["currency"],
    )


async def test_a_mail_for_each_status_in_the_order_of_the_story(mailbox: Mailbox) -> None:
    async with mailbox.worker():
        order = await mailbox.order()
        await mailbox.reserve(order)
        await mailbox.until_settled(order, "sent", "sent")
        await mailbox.cancel(order)
        await mailbox.until_settled(order, "sent", "sent", "sent")
    assert mailbox.subjects == [RECEIVED, PLEASE_PAY, CANCELLED]
    assert mailbox.names == [f"<order-{order['id']}-{version}@example.com>" for version in (1, 2, 3)]
    first = mailbox.mails[0].get_body(("plain",))
    assert first is not None
    assert f"{order['total']} {order['currency']}" in first.get_content()
    # What nobody needs any more is not kept.
    assert {row["text"] for row in await mailbox.rows(order)} == {None}


async def test_until_when_to_pay_and_why_not(mailbox: Mailbox) -> None:
    async with mailbox.worker():
        lamp = await mailbox.shop.product("Lamp")
        paid, short = await mailbox.owner.place(lamp), await mailbox.owner.place(lamp)
        reserved = await mailbox.reserve(paid)
        shortage = Shortage(product_id=lamp.id, wanted=2, available=1)
        answer = StockRejected(order_id=UUID(short["id"]), order_version=1, shortages=(shortage,))
        await mailbox.bus.tell(CATALOG_EVENTS, answer)
        await mailbox.until_settled(paid, "sent", "sent")
        await mailbox.until_settled(short, "sent", "sent")
    bodies = {str(mail["Message-ID"]): mail.get_body(("plain",)) for mail in mailbox.mails}
    for order, words in ((paid, str(reserved["reserved_until"])[11:16]), (short, "Lamp: 2 wanted, 1 available")):
        body = bodies[f"<order-{order['id']}-2@example.com>"]
        assert body is not None
        assert words in " ".join(body.get_content().split())


async def test_nobody_is_asked_to_pay_for_what_has_moved_on(mailbox: Mailbox) -> None:
    order = await mailbox.order()
    # Catalog holds its stock and the customer cancels before any worker of ours has read of it.
    await take_answers(mailbox.shop.uow, timedelta(minutes=15), StockAnswer(UUID(order["id"]), 1))
    await mailbox.cancel(order)
    async with mailbox.worker():
        await mailbox.until_settled(order, "sent", "sent", "sent")
    assert mailbox.subjects == [RECEIVED, "Your order is set aside for you", CANCELLED]


async def test_only_a_change_of_status_is_worth_a_mail(mailbox: Mailbox) -> None:
    async with mailbox.worker():
        order = await mailbox.order()
        await mailbox.amend(order, comment="Ring twice")
        order = await mailbox.owner.read(order)
        await mailbox.reserve(order)
        await mailbox.until_settled(order, "sent", "sent")
        await mailbox.until_all_is_read()
    assert mailbox.names == [f"<order-{order['id']}-{version}@example.com>" for version in (1, 3)]
    assert mailbox.subjects == [RECEIVED, PLEASE_PAY]


async def test_an_order_that_was_changed_asks_for_payment_again(mailbox: Mailbox) -> None:
    lamp, desk = await mailbox.shop.product("Lamp"), await mailbox.shop.product("Desk", "250.00")
    async with mailbox.worker():
        order = await mailbox.reserve(await mailbox.owner.place(lamp))
        await mailbox.until_settled(order, "sent", "sent")
        changed = await mailbox.amend(order, items=[{"product_id": str(desk.id), "quantity": 1}])
        await mailbox.reserve(changed)
        await mailbox.until_settled(order, *["sent"] * 4)
    assert mailbox.subjects == [RECEIVED, PLEASE_PAY, "Your order was changed", PLEASE_PAY]
    body = mailbox.mails[-1].get_body(("plain",))
    assert body is not None
    assert "Please pay 250.00 EUR" in body.get_content()


async def test_a_deleted_order_says_that_it_is_cancelled(mailbox: Mailbox) -> None:
    async with mailbox.worker():
        order = await mailbox.order()
        await mailbox.owner.http.delete(f"/delete_order/{order['id']}")
        await mailbox.until_settled(order, "sent", "sent")
    # Deleting has raised the version once more than cancelling did.
    assert (mailbox.subjects, len(mailbox.names)) == ([RECEIVED, CANCELLED], 2)


async def test_one_mail_however_often_and_by_whomever_the_event_is_read(mailbox: Mailbox) -> None:
    order = await mailbox.order()
    async with mailbox.worker(), mailbox.worker(), mailbox.worker():
        # Each round is an event of its own, as an announcement that is made again is.
        for _ in range(10):
            await mailbox.bus.tell(ORDER_EVENTS, placed(order), times=3)
        await mailbox.until_settled(order, "sent")
        await mailbox.bus.tell(ORDER_EVENTS, placed(order), times=3)
        await mailbox.until_all_is_read()
        await mailbox.cancel(order)
        await mailbox.until_settled(order, "sent", "sent")
    assert mailbox.names == [f"<order-{order['id']}-{version}@example.com>" for version in (1, 2)]


async def test_of_events_that_have_waited_each_is_told_but_the_one_whose_customer_is_unknown(
    mailbox: Mailbox, shop: Shop
) -> None:
    """They are taken together, some of them several times; only the one to blame is tried again."""
    stranger = Mailbox(shop, mailbox.bus, mailbox.server, shop.caller(), mailbox.database_url, mailbox.amqp_url)
    mine, theirs = [await mailbox.order() for _ in range(10)], await stranger.order()
    for order in (*mine[:5], theirs, *mine):
        await mailbox.bus.tell(ORDER_EVENTS, placed(order))
    async with mailbox.worker():
        for order in mine:
            await mailbox.until_settled(order, "sent")
        assert await stranger.rows(theirs) == []
        await stranger.open()
        await stranger.until_settled(theirs, "sent")
        await mailbox.until_all_is_read()
    assert sorted(mailbox.names) == sorted(f"<order-{order['id']}-1@example.com>" for order in mine)
    assert stranger.names == [f"<order-{theirs['id']}-1@example.com>"]


async def test_each_letter_belongs_to_the_trace_of_what_it_tells_of(mailbox: Mailbox) -> None:
    lamp = await mailbox.shop.product()
    items = [{"product_id": str(lamp.id), "quantity": 1}]
    traces = {}
    for _ in range(10):
        trace = trace_of(None)
        headers = {"traceparent": trace}
        order = ok(await mailbox.owner.http.post("/order", json={"items": items}, headers=headers), 201)
        traces[order["id"]] = trace
    async with mailbox.worker():
        for order_id in traces:
            await mailbox.until_settled({"id": order_id}, "sent")
    for order_id, trace in traces.items():
        (row,) = await mailbox.rows({"id": order_id})
        assert row["traceparent"] == trace


async def test_several_workers_share_the_mails(mailbox: Mailbox) -> None:
    orders = [await mailbox.order() for _ in range(20)]
    async with mailbox.worker(), mailbox.worker(), mailbox.worker():
        for order in orders:
            await mailbox.until_settled(order, "sent")
    assert sorted(mailbox.names) == sorted(f"<order-{order['id']}-1@example.com>" for order in orders)


async def test_while_the_mail_server_is_away_orders_go_on_and_no_mail_is_lost(mailbox: Mailbox) -> None:
    await mailbox.server.stop()
    async with mailbox.worker() as worker:
        orders = [await mailbox.order() for _ in range(3)]
        for order in orders:
            await mailbox.reserve(order)

        async def is_told() -> bool:
            return "mail_server_up 0.0" in (await worker.get("/metrics")).text

        await until(is_told)
        for order in orders:
            await mailbox.until_settled(order, "waiting", "waiting")
            assert {row["attempts"] for row in await mailbox.rows(order)} == {0}
        await mailbox.server.start()
        for order in orders:
            await mailbox.until_settled(order, "sent", "sent")
    assert len(set(mailbox.names)) == len(mailbox.names) == 6


async def test_a_customer_whose_event_is_late_gets_the_mail_later(unopened: Mailbox) -> None:
    async with unopened.worker():
        order = await unopened.order()
        await unopened.until_all_is_read()
        assert await unopened.rows(order) == []
        await unopened.open()
        await unopened.until_settled(order, "sent")
    assert unopened.subjects == [RECEIVED]


async def test_a_customer_who_is_gone_gets_none(mailbox: Mailbox) -> None:
    order = await mailbox.order()
    await learn_users(mailbox.shop.uow, Gone(mailbox.owner.actor.user_id, 2))
    async with mailbox.worker():
        await mailbox.until_settled(order, "unaddressed")
    assert mailbox.mails == []


async def test_a_mail_goes_to_the_address_that_is_valid_when_it_is_posted(mailbox: Mailbox) -> None:
    await mailbox.server.stop()
    async with mailbox.worker():
        order = await mailbox.order()
        await mailbox.until_settled(order, "waiting")
        await mailbox.open("moved@example.com", version=2)
        await mailbox.server.start()
        await mailbox.until_settled(order, "sent")
    assert (mailbox.mails, len(mailbox.server.to("moved@example.com"))) == ([], 1)


async def test_what_the_server_refuses_is_kept_with_its_reason_and_does_not_stop_the_rest(
    mailbox: Mailbox, shop: Shop
) -> None:
    other = Mailbox(shop, mailbox.bus, mailbox.server, shop.caller(), mailbox.database_url, mailbox.amqp_url)
    await other.open()
    mailbox.server.refusals[mailbox.address] = "550 5.1.1 no such person"
    async with mailbox.worker():
        order, theirs = await mailbox.order(), await other.order()
        await mailbox.until_settled(order, "refused")
        await other.until_settled(theirs, "sent")
    (row,) = await mailbox.rows(order)
    assert row["reason"] == "550 5.1.1 no such person"


async def test_what_the_server_puts_off_is_tried_again(mailbox: Mailbox) -> None:
    mailbox.server.refusals[mailbox.address] = "451 4.7.1 greylisted"
    async with mailbox.worker():
        order = await mailbox.order()

        async def is_put_off() -> bool:
            return [row["attempts"] for row in await mailbox.rows(order)] == [1]

        await until(is_put_off)
        # The next mail of the same order waits for this one.
        await mailbox.cancel(order)
        await mailbox.until_settled(order, "waiting", "waiting")
        assert mailbox.mails == []
        mailbox.server.refusals.clear()
        await mailbox.make_due(order)
        await mailbox.until_settled(order, "sent", "sent")
    assert mailbox.subjects == [RECEIVED, CANCELLED]


@pytest.mark.parametrize("late", [Delivery.REFUSED, Delivery.WAITING])
async def test_who_comes_back_too_late_undoes_nothing(mailbox: Mailbox, late: Delivery) -> None:
    order = await mailbox.order()
    async with mailbox.worker():
        await mailbox.until_settled(order, "sent")
    lost = Mail(UUID(order["id"]), 1, Letter("", "", ""), mailbox.address, datetime.now(UTC), attempts=0)
    async with mailbox.shop.uow() as work:
        if late is Delivery.REFUSED:
            await work.notifications.settle(lost, late, "550 no such person", datetime.now(UTC))
        else:
            await work.notifications.put_off(lost, datetime.now(UTC), "451 later")
    (row,) = await mailbox.rows(order)
    assert (row["delivery"], row["due_at"], row["reason"]) == ("sent", None, None)


@pytest.mark.parametrize(("where", "copies"), [("mail.claimed", 1), ("mail.accepted", 2)])
async def test_a_worker_that_is_killed_in_between(mailbox: Mailbox, where: str, copies: int) -> None:
    order = await mailbox.order()
    killed = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "order_service.worker:app", "--port", "0", "--log-level", "warning"),
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": mailbox.database_url,
            "AMQP_URL": mailbox.amqp_url,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(mailbox.server.port),
            "SMTP_TLS": "none",
            "MAIL_FROM": "shop@example.com",
            "SHOP_FAILPOINTS": where,
        },
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await asyncio.wait_for(killed.wait(), 60) == -signal.SIGKILL
    await mailbox.until_settled(order, "waiting")
    async with mailbox.worker():
        # Until the claim has run out nobody else posts it.
        await mailbox.cancel(order)
        await mailbox.until_settled(order, "waiting", "waiting")
        assert len(mailbox.mails) == copies - 1
        await mailbox.make_due(order)
        await mailbox.until_settled(order, "sent", "sent")
    first = f"<order-{order['id']}-1@example.com>"
    # Twice where nobody could know; by its name a mailbox sees that it is the same.
    assert mailbox.names == [*[first] * copies, f"<order-{order['id']}-2@example.com>"]
