"""From an event to its letter: one, however often the event is read and by whomever, once its customer is known."""

from decimal import Decimal
from uuid import UUID

from libs.contracts.orders import OrderItem, OrderPlaced
from libs.contracts.topology import ORDER_EVENTS
from libs.observability.context import trace_of
from order_service.domain.gone import Gone
from order_service.services.replicas import learn_users
from order_service.tests.integration.mail.mailbox import RECEIVED, Mailbox
from order_service.tests.integration.shop import Json, Shop, ok


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
