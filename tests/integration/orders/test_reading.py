from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.support.clients import Account, Json, ServiceClients
from tests.integration.support.factories import line, make_product, place, read_order, reserved, settled
from tests.integration.support.names import unknown_id
from tests.integration.support.pages import ids, walk
from tests.integration.support.problems import assert_problem, ok


@pytest.fixture(scope="module")
async def order(admin: ServiceClients, customer: Account) -> Json:
    return await reserved(customer.call, line(await make_product(admin, stock=5)))


async def test_anothers_order_does_not_exist(order: Json, stranger: Account, customer: Account) -> None:
    client, at = stranger.call.order, order["id"]
    for request in (
        client.get(f"/order/{at}"),
        client.get(f"/order/{at}/history"),
        client.put(f"/update_order/{at}", json={"comment": "mine now"}),
        client.put(f"/update_order/{at}", json={"status": "shipped"}),
        client.post(f"/order/{at}/cancel"),
        client.delete(f"/delete_order/{at}"),
        client.get(f"/order/{at}", headers={"If-None-Match": f'"{order["version"]}"'}),
    ):
        response = await request
        problem = assert_problem(response, 404, "order_not_found")
        assert customer.id not in str(problem)
    assert await read_order(customer.call, order) == order


async def test_the_orders_of_another_are_not_shown(customer: Account, stranger: Account, order: Json) -> None:
    response = await stranger.call.order.get(f"/orders/user/{customer.id}")
    assert response.status_code in {403, 404}
    assert_problem(response, response.status_code)
    filtered = await stranger.call.order.get("/orders", params={"user_id": customer.id})
    assert_no_order_in(filtered.text, order)
    assert filtered.status_code in {200, 403, 422}


def assert_no_order_in(text: str, order: Json) -> None:
    assert order["id"] not in text


async def test_an_admin_sees_all(admin: ServiceClients, customer: Account, order: Json) -> None:
    response = await admin.order.get(f"/order/{order['id']}")
    assert ok(response) == order
    assert response.headers["etag"] == f'"{order["version"]}"'
    mine = ids(await walk(customer.call.order, "/orders", limit=100))
    assert order["id"] in mine
    for path, params in (("/orders", {"user_id": customer.id}), (f"/orders/user/{customer.id}", {})):
        seen = await walk(admin.order, path, **params, limit=100)
        assert ids([each for each in seen if "deleted_at" not in each]) == mine
    assert await walk(admin.order, "/orders", user_id=unknown_id()) == []


async def test_an_admin_sees_the_newest_order_of_anybody(admin: ServiceClients, newcomer: Account) -> None:
    placed = await place(newcomer.call, line(await make_product(admin, stock=5)))
    newest = ok(await admin.order.get("/orders", params={"limit": 100}))["items"]
    assert placed["id"] in ids(newest)


async def test_a_list_shows_what_the_order_shows(customer: Account, order: Json) -> None:
    listed = {found["id"]: found for found in await walk(customer.call.order, "/orders", limit=100)}
    for field in ("status", "items", "total", "currency", "version", "created_at"):
        assert listed[order["id"]][field] == order[field]


async def test_orders_are_filtered(admin: ServiceClients, newcomer: Account) -> None:
    product = await make_product(admin, stock=1)
    held = await reserved(newcomer.call, line(product))
    out = await settled(newcomer.call, await place(newcomer.call, line(product)))
    created = [datetime.fromisoformat(order["created_at"]) for order in (held, out)]
    assert created[0] <= created[1] <= datetime.now(UTC) + timedelta(minutes=1)
    second = timedelta(seconds=1)

    async def found(caller: ServiceClients, **filters: str) -> list[str]:
        return ids(await walk(caller.order, "/orders", **filters))

    both, last, first = [out["id"], held["id"]], [out["id"]], [held["id"]]
    for caller, whose in ((newcomer.call, {}), (admin, {"user_id": newcomer.id})):
        assert await found(caller, **whose) == both
        assert await found(caller, status="awaiting_payment", **whose) == first
        assert await found(caller, status="rejected", **whose) == last
        assert await found(caller, status="delivered", **whose) == []
        since = (created[0] - second).isoformat()
        after = (created[1] + second).isoformat()
        between = out["created_at"]
        assert await found(caller, created_from=since, created_to=after, **whose) == both
        assert await found(caller, created_from=after, **whose) == []
        assert await found(caller, created_to=since, **whose) == []
        assert await found(caller, created_from=between, **whose) == last
        assert await found(caller, created_from=since, status="rejected", limit="1", **whose) == last


@pytest.mark.parametrize(
    ("name", "value"),
    [("status", "lost"), ("status", ""), ("created_from", "yesterday"), ("created_to", "2024-13-01T00:00:00Z"),
     ("created_to", "9" * 40), ("with_total", "x")],
)  # fmt: skip
async def test_a_filter_that_means_nothing_is_422(customer: Account, name: str, value: str) -> None:
    assert_problem(await customer.call.order.get("/orders", params={name: value}), 422)


async def test_the_history_tells_every_change(admin: ServiceClients, customer: Account) -> None:
    placed = await reserved(customer.call, line(await make_product(admin, stock=5)))
    ok(await admin.order.post(f"/order/{placed['id']}/cancel"))
    for caller in (customer.call, admin):
        history = ok(await caller.order.get(f"/order/{placed['id']}/history"))["items"]
        steps = [(entry["from"], entry["to"]) for entry in history]
        expected = [(None, "pending"), ("pending", "awaiting_payment"), ("awaiting_payment", "cancelled")]
        assert steps in (expected, expected[::-1])
        for entry in history:
            assert set(entry) >= {"at", "actor", "from", "to", "reason"}
            assert entry["at"].endswith("Z")
            assert entry["actor"]
        assert len({str(entry["actor"]) for entry in history}) == 3, "customer, system, admin"


async def test_the_history_of_a_rejection_says_why(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=0)
    order = await settled(customer.call, await place(customer.call, line(product)))
    history = ok(await customer.call.order.get(f"/order/{order['id']}/history"))["items"]
    rejection = next(entry for entry in history if entry["to"] == "rejected")
    assert rejection["reason"]
