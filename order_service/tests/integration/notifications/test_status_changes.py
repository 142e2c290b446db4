"""Which changes of their orders customers get an e-mail about, and what it says."""

from datetime import timedelta
from uuid import UUID

from libs.contracts.catalog import Shortage, StockRejected
from libs.contracts.topology import CATALOG_EVENTS
from order_service.domain.stock_result import StockResult
from order_service.services.apply_stock_results import apply_stock_results
from order_service.tests.integration.notifications.mailbox import CANCELLED, PLEASE_PAY, RECEIVED, Mailbox


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
    assert {row["lines"] for row in await mailbox.rows(order)} == {None}


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
    # Catalog holds its stock and the customer cancels before any worker of ours has sent an e-mail.
    await apply_stock_results(mailbox.shop.uow, timedelta(minutes=15), StockResult(UUID(order["id"]), 1))
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
