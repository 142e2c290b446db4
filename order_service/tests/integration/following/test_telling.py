"""What a stream tells: every entry of the order's history once, in order, wherever and whenever it was written."""

import asyncio
from functools import partial
from uuid import UUID

import pytest

from libs.database.database import Database
from libs.outbox.notifier import OutboxNotifier
from libs.process.ids import new_id
from libs.testing.wait import until
from order_service.api import events
from order_service.domain.actor import Actor
from order_service.domain.live import PAGE_SIZE
from order_service.repositories.order_feed import PgOrderFeed
from order_service.repositories.unit_of_work import OrderUnitOfWork
from order_service.services.manage_order import cancel, delete
from order_service.tests.integration.following.streams import (
    Process,
    comment,
    events_of,
    following,
    lengthen,
    open_streams,
    reserve,
)
from order_service.tests.integration.shop import Caller, Json, Shop, ok, refused
from order_service.tests.things import a_customer, an_admin


async def test_what_happens_at_one_process_is_told_by_the_other(
    shop: Shop, me: Caller, me_there: Caller, order: Json
) -> None:
    async with following(me_there, order) as stream:
        assert [entry["to"] for entry in await stream.take(1)] == ["pending"]
        await reserve(shop, order)
        assert [entry["to"] for entry in await stream.take(1)] == ["awaiting_payment"]
        await comment(me, order, "Ring twice.")
        assert [entry["reason"] for entry in await stream.take(1)] == ["comment changed"]
        ok(await me.http.post(f"/order/{order['id']}/cancel"))
        assert [entry["to"] for entry in await stream.rest()] == ["cancelled"]
    async with following(me, order) as stream:
        assert await stream.rest() == await me.history(order)


async def test_the_form_of_a_stream(me: Caller, order: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "KEEP_ALIVE", 0.05)
    async with me.http.stream("GET", f"{events_of(order)}/", headers={"X-Request-ID": "a-stream"}) as response:
        assert response.headers["content-type"].partition(";")[0] == "text/event-stream"
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-accel-buffering"] == "no"
        assert response.headers["x-request-id"] == "a-stream"
        received = b""
        async for chunk in response.aiter_raw():
            received += chunk
            if received.count(b": ping\n\n") > 1:
                break
    [entry] = await me.history(order)
    event, ping, *_ = received.decode().split("\n\n")
    assert event.startswith("id: 1\nevent: change\ndata: {")
    assert f'"at":"{entry["at"]}"' in event
    assert ping == ": ping"


async def test_resuming(shop: Shop, me: Caller, order: Json) -> None:
    await reserve(shop, order)
    await comment(me, order, "a", "b")
    history = await me.history(order)
    for seen in range(4):
        async with following(me, order, after=seen) as stream:
            assert await stream.take(4 - seen) == history[seen:]
    async with following(me, order, after=4) as stream:
        ok(await me.http.post(f"/order/{order['id']}/cancel"))
        history = await me.history(order)
        assert await stream.rest() == history[4:]
    for seen in range(5):
        async with following(me, order, after=seen) as stream:
            assert await stream.rest() == history[seen:]
    over = await me.http.get(events_of(order), headers={"Last-Event-ID": "5"})
    assert (over.status_code, over.content, over.headers["cache-control"]) == (204, b"", "no-store")


@pytest.mark.parametrize(
    "given", ["", "2", "9" * 18, "9" * 5000, "-1", "+1", "1.0", "1_0", "one", "0x1", "1,1", "\u0661", "\u00b9"]
)
async def test_what_is_no_event_of_the_stream(me: Caller, order: Json, given: str) -> None:
    answer = await me.http.get(events_of(order), headers=[(b"Last-Event-ID", given.encode())])
    assert refused(answer, 422, "invalid_last_event_id")["errors"][0]["field"] == "last-event-id"


async def test_who_may_follow(shop: Shop, here: Process, me: Caller, order: Json) -> None:
    refused(await here.caller(shop, a_customer()).http.get(events_of(order)), 404, "order_not_found")
    refused(await me.http.get(f"/order/{new_id()}/events"), 404, "order_not_found")
    refused(await me.http.get("/order/mine/events"), 422, "validation_error")
    refused(await me.http.get(events_of(order), headers={"Authorization": ""}), 401, "not_authenticated")
    async with following(here.caller(shop, an_admin()), order) as stream:
        assert await stream.take(1) == await me.history(order)


async def test_an_order_that_is_deleted_meanwhile(shop: Shop, here: Process, me: Caller, order: Json) -> None:
    async with following(me, order, after=1) as stream:
        await delete(shop.uow, me.actor, UUID(order["id"]), None)
        last = await stream.rest()
    assert [(entry["to"], entry["reason"]) for entry in last] == [("cancelled", None), ("cancelled", "deleted")]
    again = {"Last-Event-ID": "3"}
    refused(await me.http.get(events_of(order), headers=again), 404, "order_not_found")
    admin = here.caller(shop, an_admin())
    async with following(admin, order, after=1) as stream:
        assert await stream.rest() == last
    assert (await admin.http.get(events_of(order), headers=again)).status_code == 204


async def test_a_change_that_nobody_rings_for(transactions: Database, me: Caller, order: Json) -> None:
    class Silent(OutboxNotifier):
        def ring(self) -> None:
            pass

    async with following(me, order, after=1) as stream:
        await cancel(partial(OrderUnitOfWork, transactions, Silent("")), me.actor, UUID(order["id"]))
        assert len(await stream.rest()) == 1


async def test_fifty_streams_at_once(shop: Shop, me: Caller, me_there: Caller, person: Actor) -> None:
    lamp = await shop.product()
    orders = [await me.place(lamp) for _ in range(5)]

    async def follow(caller: Caller, order: Json) -> list[Json]:
        async with following(caller, order) as stream:
            return await stream.rest()

    async def live(order: Json) -> None:
        await until(lambda: open_streams() == 50)
        await reserve(shop, order)
        await comment(me, order, *range(4))
        await cancel(shop.uow, person, UUID(order["id"]))

    streams = [follow(caller, order) for order in orders for caller in (me, me_there) for _ in range(5)]
    told = await asyncio.gather(*streams, *(live(order) for order in orders))
    for position, order in enumerate(orders):
        history = await me.history(order)
        assert len(history) == 7
        assert told[position * 10 : position * 10 + 10] == [history] * 10


@pytest.mark.parametrize("delay", [each / 1000 for each in range(10)])
async def test_following_while_much_happens(
    shop: Shop, me: Caller, me_there: Caller, order: Json, delay: float
) -> None:
    """Streams that begin anywhere between, before and after changes."""

    async def follow(late: float) -> list[Json]:
        await asyncio.sleep(late)
        async with following(me_there, order) as stream:
            return await stream.rest()

    async def live() -> None:
        await comment(me, order, *range(6))
        await cancel(shop.uow, me.actor, UUID(order["id"]))

    *told, _ = await asyncio.gather(*(follow(delay + each / 50) for each in range(5)), live())
    assert told == [await me.history(order)] * 5


async def test_a_long_history_is_told_whole(shop: Shop, me: Caller, order: Json) -> None:
    newest = 2 * PAGE_SIZE + 30
    await lengthen(shop, order, newest)
    async with following(me, order) as stream:
        assert await stream.take(newest)
        await cancel(shop.uow, me.actor, UUID(order["id"]))
        assert len(await stream.rest()) == 1
    async with following(me, order) as stream:
        assert [entry["version"] for entry in await stream.rest()] == list(range(1, newest + 2))


async def test_what_somebody_slow_has_not_taken_waits_in_the_database(
    shop: Shop, order: Json, database_url: str
) -> None:
    newest = 2 * PAGE_SIZE + 30
    await lengthen(shop, order, newest)
    watch = PgOrderFeed(database_url)
    async with watch.running():
        with watch.follow(UUID(order["id"]), 0, new_id()) as slow, watch.follow(UUID(order["id"]), 0, new_id()) as fast:
            while fast.after < newest:
                assert await fast.next_page()
            taken: list[int] = []
            while len(taken) < newest:
                news = await slow.next_page()
                assert news is not None
                assert len(news.entries) <= PAGE_SIZE
                taken += [entry["version"] for entry in news.entries]
    assert taken == list(range(1, newest + 1))
