from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from libs.process.ids import new_id
from order_service.domain.tombstone import Tombstone
from order_service.domain.user_replica import UserReplica
from order_service.services.manage_order import cancel
from order_service.services.replicas import apply_user_events
from order_service.tests.integration.shop import Caller, Json, Shop, ok, refused


@pytest.fixture
async def five(shop: Shop, customer: Caller) -> list[Json]:
    """Newest first."""
    lamp = await shop.product()
    return [await customer.place(lamp) for _ in range(5)][::-1]


async def walk(caller: Caller, path: str, **params: object) -> list[Json]:
    items: list[Json] = []
    cursor: str | None = None
    while True:
        query = {name: str(value) for name, value in params.items()} | ({"cursor": cursor} if cursor else {})
        page = ok(await caller.http.get(path, params=query))
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
async def test_a_list_is_newest_first_whatever_its_pages(
    shop: Shop, customer: Caller, admin: Caller, five: list[Json], limit: int
) -> None:
    await shop.caller().place(await shop.product())
    own = f"/orders/user/{customer.actor.user_id}"
    assert await walk(customer, "/orders", limit=limit) == five
    assert await walk(customer, own, limit=limit) == five
    assert await walk(admin, own, limit=limit) == five
    assert await walk(admin, "/orders", limit=limit, user_id=customer.actor.user_id) == five


async def test_pages_are_stable_under_inserts(shop: Shop, customer: Caller, five: list[Json]) -> None:
    first = ok(await customer.http.get("/orders", params={"limit": 2, "with_total": True}))
    assert first["total"] == 5
    await customer.place(await shop.product())
    second = ok(await customer.http.get("/orders", params={"limit": 3, "cursor": first["next_cursor"]}))
    assert first["items"] + second["items"] == five
    assert second["next_cursor"] is None
    assert "total" not in second


async def listed(caller: Caller, filters: dict[str, str]) -> list[str]:
    """The ids that a filtered list has, which its total must agree with."""
    ids = [order["id"] for order in await walk(caller, "/orders", limit=2, **filters)]
    assert ok(await caller.http.get("/orders", params=filters | {"with_total": "true"}))["total"] == len(ids)
    return ids


async def test_lists_are_filtered(customer: Caller, admin: Caller, five: list[Json]) -> None:
    ids = [order["id"] for order in five]
    moments = [order["created_at"] for order in five]
    tomorrow = (datetime.fromisoformat(moments[0]) + timedelta(days=1)).isoformat()
    ok(await customer.http.post(f"/order/{ids[1]}/cancel"))
    expected: list[tuple[dict[str, str], list[str]]] = [
        ({"status": "cancelled"}, [ids[1]]),
        ({"status": "pending"}, [ids[0], *ids[2:]]),
        ({"status": "paid"}, []),
        ({"created_from": moments[1]}, ids[:2]),
        ({"created_to": moments[3]}, ids[3:]),
        ({"created_from": moments[3], "created_to": moments[1]}, ids[1:4]),
        ({"created_from": moments[3], "created_to": moments[1], "status": "pending"}, ids[2:4]),
        ({"created_from": tomorrow}, []),
    ]
    for filters, found in expected:
        assert await listed(customer, filters) == found
        assert await listed(admin, filters | {"user_id": str(customer.actor.user_id)}) == found


async def test_an_admin_lists_everybodys(shop: Shop, admin: Caller, five: list[Json]) -> None:
    other = await shop.caller().place(await shop.product())
    newest = ok(await admin.http.get("/orders", params={"limit": 6}))["items"]
    assert newest == [other, *five]
    assert await walk(admin, f"/orders/user/{new_id()}") == []


@pytest.mark.parametrize(
    "query",
    [
        "status=lost",
        "status=",
        "created_from=yesterday",
        "created_from=2026-01-01T00:00:00",
        f"created_to={'9' * 40}",
        "created_from=1",
        "created_from=-1.5",
        "created_to=1772366400000",
        "user_id=me",
        "limit=0",
        "limit=101",
        "cursor=x",
        "cursor=WyJoaXN0b3J5IiwiMSJd",
        "with_total=perhaps",
        "created_from=0001-01-01T00:00:00%2B23:59",
        "created_to=9999-12-31T23:59:59-23:59",
    ],
)
async def test_what_is_no_filter(admin: Caller, query: str) -> None:
    assert (await admin.http.get(f"/orders?{query}")).status_code == 422


async def test_what_a_client_has_is_not_sent_again(customer: Caller, five: list[Json]) -> None:
    path = f"/order/{five[0]['id']}"
    assert (await customer.http.get(path)).headers["ETag"] == '"1"'
    same = await customer.http.get(path, headers={"If-None-Match": 'W/"1"'})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", '"1"')
    assert (await customer.http.get(path, headers={"If-None-Match": '"2"'})).status_code == 200


async def test_history_comes_in_pages(shop: Shop, customer: Caller, five: list[Json]) -> None:
    path = f"/order/{five[0]['id']}/history"
    for comment in "abc":
        ok(await customer.http.put(f"/update_order/{five[0]['id']}", json={"comment": comment}))
    assert [entry["version"] for entry in await walk(customer, path, limit=1)] == [1, 2, 3, 4]
    page = ok(await customer.http.get(path, params={"limit": 3, "with_total": True}))
    assert (page["total"], len(page["items"])) == (4, 3)
    await cancel(shop.uow, customer.actor, UUID(five[0]["id"]))
    assert [entry["version"] for entry in await walk(customer, path, limit=2)] == [1, 2, 3, 4, 5]


async def test_the_replica_outweighs_the_token(shop: Shop, admin: Caller, customer: Caller, five: list[Json]) -> None:
    """A user of whom nothing was heard yet is believed by their token: all others are what auth_service said last."""
    user_id = admin.actor.user_id
    path = f"/order/{five[0]['id']}"
    ok(await admin.http.get(path))
    await apply_user_events(
        shop.uow, UserReplica(user_id, "root", "root@example.com", "user", is_active=True, version=2)
    )
    refused(await admin.http.get(path), 404, "order_not_found")
    await apply_user_events(
        shop.uow, UserReplica(user_id, "root", "root@example.com", "admin", is_active=False, version=4)
    )
    refused(await admin.http.get(path), 401, "user_inactive")
    await apply_user_events(
        shop.uow, UserReplica(user_id, "root", "root@example.com", "admin", is_active=True, version=3)
    )
    refused(await admin.http.get(path), 401, "user_inactive")
    await apply_user_events(
        shop.uow, UserReplica(user_id, "root", "root@example.com", "admin", is_active=True, version=5)
    )
    ok(await admin.http.get(path))
    await apply_user_events(shop.uow, Tombstone(user_id, 6))
    refused(await admin.http.get(path), 401, "user_inactive")
    async with shop.engine.connect() as connection:
        kept = await connection.execute(text("SELECT username, email FROM users WHERE id = :id"), {"id": user_id})
        assert kept.one() == (None, None)
    assert await customer.read(five[0]) == five[0]


async def test_the_process_says_that_it_is_ready(shop: Shop) -> None:
    async with shop.client({}) as client:
        ready = ok(await client.get("http://order/health/ready"))
    assert ready == {"status": "ok", "checks": {"database": "ok"}}
