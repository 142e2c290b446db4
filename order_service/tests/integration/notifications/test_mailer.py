"""From an e-mail that waits to the mail server: which is away, refuses or defers, and workers that die beside it."""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from uuid import UUID

import pytest

from libs.testing.databases import ROOT
from libs.testing.wait import until
from order_service.domain.products import PricedItems
from order_service.domain.status import Status
from order_service.notifications.email import Email, EmailStatus, StatusChange
from order_service.tests.integration.notifications.mailbox import CANCELLED, RECEIVED, Mailbox
from order_service.tests.integration.shop import Shop


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


@pytest.mark.parametrize("late", [EmailStatus.REFUSED, EmailStatus.WAITING])
async def test_a_worker_that_comes_back_too_late_undoes_nothing(mailbox: Mailbox, late: EmailStatus) -> None:
    order = await mailbox.order()
    async with mailbox.worker():
        await mailbox.until_settled(order, "sent")
    lost = Email(
        change=StatusChange(UUID(order["id"]), 1, datetime.now(UTC), PricedItems((), "EUR")),
        status=Status.PENDING,
        previous_status=None,
        reason=None,
        pay_until=None,
        is_customer_known=True,
        username="ada",
        address=mailbox.address,
        attempts=0,
    )
    async with mailbox.shop.uow() as work:
        if late is EmailStatus.REFUSED:
            await work.emails.settle(lost, late, "550 no such person", datetime.now(UTC))
        else:
            await work.emails.defer(lost, datetime.now(UTC), "451 later")
    (row,) = await mailbox.rows(order)
    assert (row["status"], row["due_at"], row["reason"]) == ("sent", None, None)


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
