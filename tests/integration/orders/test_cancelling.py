import asyncio

from tests.integration.support.clients import Account, Json, ServiceClients
from tests.integration.support.factories import (
    available,
    line,
    make_product,
    place,
    read_order,
    reserved,
    settled,
    stock,
    until_available,
)
from tests.integration.support.names import unknown_id
from tests.integration.support.pages import ids, walk
from tests.integration.support.problems import assert_problem, ok
from tests.integration.support.wait import until


async def cancel(caller: ServiceClients, order: Json) -> Json:
    cancelled: Json = ok(await caller.order.post(f"/order/{order['id']}/cancel"))
    return cancelled


async def test_a_cancelled_order_gives_its_stock_back(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=5)
    order = await reserved(customer.call, line(product, 4))
    assert await available(admin, product) == 1
    cancelled = await cancel(customer.call, order)
    assert (cancelled["status"], cancelled["version"]) == ("cancelled", order["version"] + 1)
    await until_available(admin, product, 5)
    counted = await stock(admin, product)
    assert (counted["on_hand"], counted["reserved"]) == (5, 0)
    await reserved(customer.call, line(product, 5))


async def test_cancelling_twice_changes_nothing(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=5)
    order = await reserved(customer.call, line(product))
    first = await cancel(customer.call, order)
    assert await cancel(customer.call, order) == first
    answers = await asyncio.gather(*(cancel(customer.call, order) for _ in range(4)))
    assert answers == [first] * 4


async def test_an_admin_may_cancel(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=1)
    order = await reserved(customer.call, line(product))
    assert (await cancel(admin, order))["status"] == "cancelled"
    await until_available(admin, product, 1)


async def test_a_cancel_that_overtakes_the_reservation_leaves_nothing_held(
    admin: ServiceClients, customer: Account
) -> None:
    product = await make_product(admin, stock=20)

    async def change_of_mind() -> Json:
        return await cancel(customer.call, await place(customer.call, line(product)))

    for order in await asyncio.gather(*(change_of_mind() for _ in range(20))):
        assert order["status"] == "cancelled"
        assert (await read_order(customer.call, order))["status"] == "cancelled"

    # Only when nothing is held, and nothing comes to be held any more, can the whole stock be sold.
    async def buy_all() -> Json:
        return await settled(customer.call, await place(customer.call, line(product, 20)))

    await until(buy_all, lambda order: order["status"] == "awaiting_payment")
    counted = await stock(admin, product)
    assert (counted["on_hand"], counted["reserved"], counted["available"]) == (20, 20, 0)


async def test_of_many_cancels_at_once_one_is_counted(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=3)
    order = await reserved(customer.call, line(product, 2))
    answers = await asyncio.gather(*(cancel(customer.call, order) for _ in range(6)))
    assert {(answer["status"], answer["version"]) for answer in answers} == {("cancelled", order["version"] + 1)}
    await until_available(admin, product, 3)


async def test_a_rejected_order_is_not_cancelled(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=0)
    order = await settled(customer.call, await place(customer.call, line(product)))
    assert order["status"] == "rejected"
    response = await customer.call.order.post(f"/order/{order['id']}/cancel")
    assert_problem(response, 409, "illegal_transition")


async def test_a_deleted_order_is_cancelled_first(admin: ServiceClients, newcomer: Account) -> None:
    product = await make_product(admin, stock=2)
    kept = await reserved(newcomer.call, line(product))
    order = await reserved(newcomer.call, line(product))
    path = f"/delete_order/{order['id']}"
    assert (await newcomer.call.order.delete(path)).status_code == 204
    assert_problem(await newcomer.call.order.get(f"/order/{order['id']}"), 404, "order_not_found")
    assert_problem(await newcomer.call.order.get(f"/order/{order['id']}/history"), 404, "order_not_found")
    assert_problem(await newcomer.call.order.post(f"/order/{order['id']}/cancel"), 404, "order_not_found")
    assert_problem(await newcomer.call.order.delete(path), 404, "order_not_found")
    for path in ("/orders", f"/orders/user/{newcomer.id}"):
        assert ids(await walk(newcomer.call.order, path)) == [kept["id"]]
    await until_available(admin, product, 1)
    seen = await read_order(admin, order)
    assert (seen["status"], seen["deleted_at"][-1]) == ("cancelled", "Z")


async def test_a_final_order_can_be_deleted(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=0)
    order = await settled(customer.call, await place(customer.call, line(product)))
    assert (await customer.call.order.delete(f"/delete_order/{order['id']}")).status_code == 204
    seen = await read_order(admin, order)
    assert seen["status"] == "rejected"
    assert seen["deleted_at"]


async def test_what_is_unknown_is_not_found(customer: Account) -> None:
    unknown = unknown_id()
    client = customer.call.order
    for request in (
        client.get(f"/order/{unknown}"),
        client.get(f"/order/{unknown}/history"),
        client.put(f"/update_order/{unknown}", json={"comment": "x"}),
        client.post(f"/order/{unknown}/cancel"),
        client.delete(f"/delete_order/{unknown}"),
    ):
        assert_problem(await request, 404, "order_not_found")
