"""From a change of status to its e-mail: one, however often others are told of it, once its customer is known."""

from datetime import timedelta
from uuid import UUID

import aio_pika
import pytest

from libs.contracts.catalog import StockReserved
from libs.contracts.topology import CATALOG_EVENTS, QUEUES
from libs.observability.context import trace_of
from libs.testing.wait import until
from order_service.domain.tombstone import Tombstone
from order_service.services.order_timers import republish_pending
from order_service.services.replicas import apply_user_events
from order_service.services.save_order import save_and_record
from order_service.tests.integration.notifications.mailbox import RECEIVED, Mailbox
from order_service.tests.integration.shop import Shop, ok


async def test_one_email_for_a_change_however_often_it_is_published_and_answered(mailbox: Mailbox) -> None:
    order = await mailbox.order()
    answer = StockReserved(order_id=UUID(order["id"]), order_version=1)
    async with mailbox.worker(), mailbox.worker(), mailbox.worker():
        for _ in range(10):
            await republish_pending(mailbox.shop.uow, timedelta())
        await mailbox.until_settled(order, "sent")
        for _ in range(10):
            await mailbox.bus.tell(CATALOG_EVENTS, answer, times=3)
        await mailbox.until_settled(order, "sent", "sent")
        await mailbox.cancel(order)
        await mailbox.cancel(order)
        await mailbox.until_settled(order, "sent", "sent", "sent")
    assert mailbox.names == [f"<order-{order['id']}-{version}@example.com>" for version in (1, 2, 3)]


async def test_an_email_is_there_if_and_only_if_its_change_is(mailbox: Mailbox, shop: Shop) -> None:
    """With no worker, no broker and no mail server."""
    order = await mailbox.order()
    assert [(row["order_version"], row["status"]) for row in await mailbox.rows(order)] == [(1, "waiting")]

    async def cancel_and_fail() -> None:
        async with shop.uow() as work:
            found = await work.orders.for_change(UUID(order["id"]))
            assert found is not None
            await save_and_record(work, found, found.cancel(mailbox.owner.actor, found.updated_at))
            raise KeyError("whatever happens before the commit")

    with pytest.raises(KeyError):
        await cancel_and_fail()
    assert len(await mailbox.rows(order)) == 1
    await mailbox.cancel(order)
    assert [row["order_version"] for row in await mailbox.rows(order)] == [1, 2]


async def test_an_order_from_the_cart_has_its_email_too(mailbox: Mailbox) -> None:
    lamp = await mailbox.shop.product()
    ok(await mailbox.owner.http.post("/cart/items", json={"product_id": str(lamp.id), "quantity": 2}), 201)
    order = ok(await mailbox.owner.http.post("/order", json={}), 201)
    async with mailbox.worker():
        await mailbox.until_settled(order, "sent")
    assert mailbox.subjects == [RECEIVED]


async def test_an_email_has_the_items_of_its_version(mailbox: Mailbox) -> None:
    lamp, desk = await mailbox.shop.product("Lamp"), await mailbox.shop.product("Desk", "250.00")
    order = await mailbox.owner.place(lamp)
    await mailbox.server.stop()
    async with mailbox.worker():
        order = await mailbox.reserve(order)
        await mailbox.amend(order, items=[{"product_id": str(desk.id), "quantity": 1}])
        await mailbox.server.start()
        await mailbox.until_settled(order, "sent", "sent", "sent")
    bodies = [mail.get_body(("plain",)) for mail in mailbox.mails]
    texts = ["" if body is None else body.get_content() for body in bodies]
    assert ["Lamp" in text for text in texts] == [True, True, False]
    assert ["Total: 250.00 EUR" in text for text in texts] == [False, False, True]


async def test_of_all_that_wait_each_is_sent_but_the_one_whose_customer_is_unknown(
    mailbox: Mailbox, shop: Shop
) -> None:
    stranger = Mailbox(shop, mailbox.bus, mailbox.server, shop.caller(), mailbox.database_url, mailbox.amqp_url)
    theirs, mine = await stranger.order(), [await mailbox.order() for _ in range(10)]
    async with mailbox.worker():
        for order in mine:
            await mailbox.until_settled(order, "sent")
        assert [row["status"] for row in await stranger.rows(theirs)] == ["waiting"]
        await stranger.open()
        await stranger.until_settled(theirs, "sent")
    assert sorted(mailbox.names) == sorted(f"<order-{order['id']}-1@example.com>" for order in mine)
    assert stranger.names == [f"<order-{theirs['id']}-1@example.com>"]


async def test_each_email_belongs_to_the_trace_of_what_it_is_about(mailbox: Mailbox) -> None:
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


async def test_a_customer_whose_event_is_late_gets_the_email_later_and_nothing_is_parked(unopened: Mailbox) -> None:
    """As while the worker of auth_service hangs: that is no fault of the order's events."""
    async with unopened.worker():
        order = await unopened.reserve(await unopened.order())

        async def has_been_claimed() -> bool:
            first, _ = await unopened.rows(order)
            return bool(first["due_at"] > first["created_at"])

        await until(has_been_claimed)
        await unopened.cancel(order)
        assert [row["status"] for row in await unopened.rows(order)] == ["waiting"] * 3
        await unopened.open()
        await unopened.until_settled(order, "sent", "sent", "sent")
        assert await kept_back(unopened.amqp_url) == {}
    assert unopened.names == [f"<order-{order['id']}-{version}@example.com>" for version in (1, 2, 3)]


async def kept_back(amqp_url: str) -> dict[str, int]:
    """How many messages wait to be tried again, or for a person."""
    found = {}
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        for queue in QUEUES:
            for name in (queue.parked, *(queue.retry(delay) for delay in ("5s", "30s", "5m"))):
                declared = await channel.declare_queue(name, passive=True)
                if count := declared.declaration_result.message_count:
                    found[name] = count
    return found


async def test_a_deleted_customer_gets_none(mailbox: Mailbox) -> None:
    order = await mailbox.order()
    await apply_user_events(mailbox.shop.uow, Tombstone(mailbox.owner.actor.user_id, 2))
    async with mailbox.worker():
        await mailbox.until_settled(order, "unaddressed")
    assert mailbox.mails == []
