from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from libs.process.ids import new_id
from order_service.domain.stock_result import Shortage, StockResult
from order_service.services.apply_stock_results import apply_stock_results
from order_service.tests.integration.shop import Caller, Json, Shop, ok, refused
from order_service.tests.things import HOLD


@pytest.fixture
async def order(shop: Shop, customer: Caller) -> Json:
    return await customer.place(await shop.product())


async def pay(shop: Shop, order: Json) -> None:
    """Brings the order to where it can be shipped from, which nothing else can do yet."""
    async with shop.engine.begin() as connection:
        await connection.execute(text("UPDATE orders SET status = 'paid' WHERE id = :id"), {"id": UUID(order["id"])})


async def test_the_owner_changes_address_and_comment(customer: Caller, order: Json) -> None:
    response = await customer.http.put(f"/update_order/{order['id']}", json={"delivery_address": "2 Quiet Lane"})
    after = ok(response)
    changed = {"delivery_address": "2 Quiet Lane", "version": 2, "updated_at": after["updated_at"]}
    assert after == order | changed
    assert after["updated_at"] > order["updated_at"]
    assert response.headers["ETag"] == '"2"'
    assert await customer.read(order) == after
    emptied = ok(await customer.http.put(f"/update_order/{order['id']}", json={"delivery_address": None}))
    assert (emptied["delivery_address"], emptied["version"]) == (None, 3)


@pytest.mark.parametrize("body", [{}, {"comment": None}])
async def test_nothing_new_makes_no_version(customer: Caller, order: Json, body: Json) -> None:
    assert ok(await customer.http.put(f"/update_order/{order['id']}", json=body)) == order


async def test_a_change_while_stock_is_looked_for_is_answered_anew(shop: Shop, customer: Caller, order: Json) -> None:
    """The change makes a version of its own, which is announced as pending, so that catalog answers that one."""
    order_id = UUID(order["id"])
    ok(await customer.http.put(f"/update_order/{order['id']}", json={"comment": "Ring twice."}))
    version, event_type, data = (await shop.announced(order["id"]))[-1]
    assert (version, event_type, data["status"], data["items"]) == (2, "order.amended", "pending", order["items"])
    await apply_stock_results(shop.uow, HOLD, StockResult(order_id, 1, (Shortage(new_id(), 1, 0),)))
    assert (await customer.read(order))["status"] == "pending"
    await apply_stock_results(shop.uow, HOLD, StockResult(order_id, version))
    after = await customer.read(order)
    assert (after["status"], after["version"], after["comment"]) == ("awaiting_payment", 3, "Ring twice.")
    assert [each[:2] for each in await shop.announced(order["id"])][-1] == (3, "order.reserved")


async def test_a_rejection_names_what_is_short(shop: Shop, customer: Caller) -> None:
    lamp = await shop.product("Lamp")
    order = await customer.place(lamp)
    await apply_stock_results(shop.uow, HOLD, StockResult(UUID(order["id"]), 1, (Shortage(lamp.id, 2, 1),)))
    after = await customer.read(order)
    assert after["status"] == "rejected"
    assert after["status_reason"] == "Not enough in stock: Lamp: 2 wanted, 1 available"
    refused(await customer.http.post(f"/order/{order['id']}/cancel"), 409, "illegal_transition")


@pytest.mark.parametrize(
    "body", [{"items": []}, {"total": "1"}, {"status": None}, {"status": "lost"}, {"comment": 7}, {"comment": "\x00"}]
)
async def test_what_is_no_change(admin: Caller, order: Json, body: Json) -> None:
    refused(await admin.http.put(f"/update_order/{order['id']}", json=body), 422, "validation_error")


async def test_only_what_is_paid_is_shipped_and_delivered(
    shop: Shop, customer: Caller, admin: Caller, order: Json
) -> None:
    path = f"/update_order/{order['id']}"
    for status in ("shipped", "delivered", "paid", "cancelled"):
        refused(await admin.http.put(path, json={"status": status}), 409, "illegal_transition")
    refused(await customer.http.put(path, json={"status": "shipped"}), 403, "forbidden")
    refused(await admin.http.put(path, json={"comment": "x"}), 403, "forbidden")
    await pay(shop, order)
    refused(await customer.http.put(path, json={"comment": "too late"}), 409, "illegal_transition")
    refused(await customer.http.delete(f"/delete_order/{order['id']}"), 409, "order_in_progress")
    assert ok(await admin.http.put(path, json={"status": "shipped"}))["status"] == "shipped"
    assert ok(await admin.http.put(path, json={"status": "delivered"}))["status"] == "delivered"
    refused(await admin.http.put(path, json={"status": "delivered"}), 409, "illegal_transition")
    types = [event_type for _, event_type, _ in await shop.announced(order["id"])]
    assert types == ["order.placed", "order.shipped", "order.delivered"]


async def test_cancelling_again_changes_nothing(shop: Shop, customer: Caller, admin: Caller, order: Json) -> None:
    response = await customer.http.post(f"/order/{order['id']}/cancel")
    first = ok(response)
    assert (first["status"], first["version"], response.headers["ETag"]) == ("cancelled", 2, '"2"')
    assert ok(await customer.http.post(f"/order/{order['id']}/cancel")) == first
    assert ok(await admin.http.post(f"/order/{order['id']}/cancel")) == first
    assert [each[:2] for each in await shop.announced(order["id"])] == [(1, "order.placed"), (2, "order.cancelled")]


async def test_a_stale_version_is_refused(customer: Caller, order: Json) -> None:
    path = f"/update_order/{order['id']}"
    changed = await customer.http.put(path, json={"comment": "a"}, headers={"If-Match": '"1"'})
    assert ok(changed)["version"] == 2
    for tag in ('"1"', 'W/"2"', "nonsense"):
        stale = await customer.http.put(path, json={"comment": "b"}, headers={"If-Match": tag})
        refused(stale, 412, "version_conflict")
    gone = await customer.http.delete(f"/delete_order/{order['id']}", headers={"If-Match": '"1"'})
    refused(gone, 412, "version_conflict")
    gone = await customer.http.delete(f"/delete_order/{order['id']}", headers={"If-Match": '"2"'})
    assert gone.status_code == 204


async def test_a_deleted_order_is_gone_for_its_owner(shop: Shop, customer: Caller, admin: Caller, order: Json) -> None:
    assert (await customer.http.delete(f"/delete_order/{order['id']}")).status_code == 204
    await assert_not_there(customer, order["id"])
    for path in ("/orders", f"/orders/user/{customer.actor.user_id}"):
        assert ok(await customer.http.get(path, params={"with_total": True})) == {
            "items": [],
            "next_cursor": None,
            "total": 0,
        }
    seen = await admin.read(order)
    assert (seen["status"], seen["version"]) == ("cancelled", 3)
    assert seen["deleted_at"] == seen["updated_at"]
    assert ok(await admin.http.get(f"/orders/user/{customer.actor.user_id}"))["items"] == [seen]
    assert (await admin.http.delete(f"/delete_order/{order['id']}")).status_code == 204
    assert await admin.read(order) == seen
    # Catalog must know that nothing is to be held any more; of the hiding nobody need hear.
    assert (await shop.announced(order["id"]))[-1][2]["status"] == "cancelled"
    assert len(await shop.announced(order["id"])) == 2


async def test_what_is_anothers_is_not_there(shop: Shop, customer: Caller, order: Json) -> None:
    stranger = shop.caller()
    await assert_not_there(stranger, order["id"])
    await assert_not_there(stranger, str(new_id()))
    for path in (f"/orders/user/{customer.actor.user_id}", f"/orders?user_id={customer.actor.user_id}"):
        refused(await stranger.http.get(path), 403, "forbidden")
    assert await customer.read(order) == order


async def assert_not_there(caller: Caller, order_id: str) -> None:
    requests: list[Callable[[], Awaitable[httpx.Response]]] = [
        lambda: caller.http.get(f"/order/{order_id}"),
        lambda: caller.http.get(f"/order/{order_id}", headers={"If-None-Match": "*"}),
        lambda: caller.http.get(f"/order/{order_id}/history"),
        lambda: caller.http.put(f"/update_order/{order_id}", json={"comment": "x"}),
        lambda: caller.http.put(f"/update_order/{order_id}", json={"status": "shipped"}),
        lambda: caller.http.put(f"/update_order/{order_id}", json={}, headers={"If-Match": '"9"'}),
        lambda: caller.http.post(f"/order/{order_id}/cancel"),
        lambda: caller.http.delete(f"/delete_order/{order_id}"),
    ]
    for request in requests:
        refused(await request(), 404, "order_not_found")


async def test_the_history_tells_every_change(shop: Shop, customer: Caller, admin: Caller, order: Json) -> None:
    ok(await customer.http.put(f"/update_order/{order['id']}", json={"comment": "a", "delivery_address": "b"}))
    await apply_stock_results(shop.uow, HOLD, StockResult(UUID(order["id"]), 2))
    ok(await admin.http.post(f"/order/{order['id']}/cancel"))
    assert (await customer.http.delete(f"/delete_order/{order['id']}")).status_code == 204
    refused(await customer.http.get(f"/order/{order['id']}/history"), 404, "order_not_found")
    user, root = f"user:{customer.actor.user_id}", f"admin:{admin.actor.user_id}"
    told = [
        tuple(entry[key] for key in ("version", "actor", "from", "to", "reason"))
        for entry in await admin.history(order)
    ]
    assert told == [
        (1, user, None, "pending", None),
        (2, user, "pending", "pending", "delivery address and comment changed"),
        (3, "catalog", "pending", "awaiting_payment", None),
        (4, root, "awaiting_payment", "cancelled", None),
        (5, user, "cancelled", "cancelled", "deleted"),
    ]


@pytest.mark.parametrize("rewrite", ["UPDATE order_history SET reason = 'x'", "DELETE FROM order_history"])
async def test_history_cannot_be_rewritten(shop: Shop, order: Json, rewrite: str) -> None:
    with pytest.raises(DBAPIError, match="only ever added to"):
        async with shop.engine.begin() as connection:
            await connection.execute(text(f"{rewrite} WHERE order_id = :id"), {"id": UUID(order["id"])})
