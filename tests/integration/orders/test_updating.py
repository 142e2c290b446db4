import pytest

from tests.integration.support.clients import Account, Json, ServiceClients
from tests.integration.support.factories import line, make_product, read_order, reserved
from tests.integration.support.problems import assert_problem, ok, tagged_version


@pytest.fixture
async def order(admin: ServiceClients, customer: Account) -> Json:
    return await reserved(customer.call, line(await make_product(admin, stock=5)))


@pytest.mark.parametrize("field", ["delivery_address", "comment"])
async def test_the_owner_changes_where_and_how(customer: Account, order: Json, field: str) -> None:
    response = await customer.call.order.put(f"/update_order/{order['id']}", json={field: "Behind the mill"})
    after = ok(response)
    assert tagged_version(response) == order["version"] + 1
    expected = {field: "Behind the mill", "version": order["version"] + 1, "updated_at": after["updated_at"]}
    assert after == {**order, **expected}
    assert await read_order(customer.call, order) == after


async def test_what_is_cancelled_changes_no_more(customer: Account, order: Json) -> None:
    ok(await customer.call.order.post(f"/order/{order['id']}/cancel"))
    response = await customer.call.order.put(f"/update_order/{order['id']}", json={"comment": "too late"})
    assert_problem(response, 409, "illegal_transition")


@pytest.mark.parametrize("status", ["shipped", "delivered"])
async def test_nothing_is_shipped_before_it_is_paid(admin: ServiceClients, order: Json, status: str) -> None:
    response = await admin.order.put(f"/update_order/{order['id']}", json={"status": status})
    assert_problem(response, 409, "illegal_transition")
    assert await read_order(admin, order) == order


@pytest.mark.parametrize("status", ["shipped", "delivered", "paid", "cancelled", "awaiting_payment", "lost", None])
async def test_the_owner_sets_no_status(customer: Account, order: Json, status: str | None) -> None:
    response = await customer.call.order.put(f"/update_order/{order['id']}", json={"status": status})
    assert response.status_code in {403, 409, 422}
    assert_problem(response, response.status_code)
    assert await read_order(customer.call, order) == order


@pytest.mark.parametrize("status", ["paid", "cancelled", "pending", "expired", "refunded", "lost", 7])
async def test_an_admin_sets_no_other_status(admin: ServiceClients, order: Json, status: object) -> None:
    response = await admin.order.put(f"/update_order/{order['id']}", json={"status": status})
    assert response.status_code in {409, 422}
    assert_problem(response, response.status_code)
    assert await read_order(admin, order) == order


@pytest.mark.parametrize("field", ["total", "user_id", "currency", "version", "deleted_at"])
async def test_nothing_else_is_changed(customer: Account, order: Json, field: str) -> None:
    response = await customer.call.order.put(f"/update_order/{order['id']}", json={field: "1"})
    assert_problem(response, 422)
    assert await read_order(customer.call, order) == order
