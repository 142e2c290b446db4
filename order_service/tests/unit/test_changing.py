from uuid import UUID

import pytest

from libs.errors import VersionConflict
from libs.process.ids import new_id
from libs.tokens.principal import Forbidden
from order_service.domain.actor import Actor
from order_service.domain.events import OrderAmended, OrderCancelled, OrderShipped
from order_service.domain.order import Details, Order
from order_service.domain.status import Status
from order_service.exceptions import IllegalTransition, OrderNotFound
from order_service.services.manage_order import cancel, delete, update
from order_service.services.product_pricing import ProductPricing
from order_service.tests.things import a_customer, an_admin, an_order, an_order_that_is
from order_service.tests.unit.fakes import FakeCatalog, FakeUnitOfWork


async def change(
    work: FakeUnitOfWork,
    actor: Actor,
    order_id: UUID,
    *,
    items: dict[UUID, int] | None = None,
    details: Details | None = None,
    status: Status | None = None,
    expected: set[int] | None = None,
) -> Order:
    pricing = ProductPricing(work.products, work.products, FakeCatalog(work))
    return await update(
        work, pricing, actor, order_id, items=items, details=details or {}, status=status, expected=expected
    )


async def test_the_owner_changes_details() -> None:
    customer = a_customer()
    work = FakeUnitOfWork(before := an_order(customer))
    order = await change(work, customer, before.id, details={"comment": "Ring twice."}, expected={1})
    assert work.orders.stored[order.id].comment == "Ring twice."
    assert work.facts == [OrderAmended(order)]


async def test_an_admin_does_not_change_anothers_details() -> None:
    work = FakeUnitOfWork(before := an_order())
    with pytest.raises(Forbidden):
        await change(work, an_admin(), before.id, details={"comment": "x"})


async def test_an_admin_ships() -> None:
    work = FakeUnitOfWork(before := an_order_that_is(Status.PAID))
    order = await change(work, an_admin(), before.id, status=Status.SHIPPED)
    assert work.facts == [OrderShipped(order)]
    assert (await change(work, an_admin(), before.id, status=Status.DELIVERED)).status is Status.DELIVERED


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.SHIPPED, Status.DELIVERED}))
async def test_an_admin_sets_no_other_status(status: Status) -> None:
    work = FakeUnitOfWork(before := an_order_that_is(Status.PAID))
    with pytest.raises(IllegalTransition):
        await change(work, an_admin(), before.id, status=status)


async def test_the_owner_sets_no_status() -> None:
    customer = a_customer()
    work = FakeUnitOfWork(before := an_order_that_is(Status.PAID, customer))
    with pytest.raises(Forbidden):
        await change(work, customer, before.id, status=Status.SHIPPED)


async def test_nothing_changes_nothing() -> None:
    customer = a_customer()
    work = FakeUnitOfWork(before := an_order(customer))
    assert (await change(work, customer, before.id)).version == 1
    assert (work.facts, work.orders.history) == ([], [])


async def test_a_stale_version_is_refused() -> None:
    customer = a_customer()
    work = FakeUnitOfWork(before := an_order(customer))
    with pytest.raises(VersionConflict):
        await change(work, customer, before.id, details={"comment": "x"}, expected={2, 3})
    with pytest.raises(VersionConflict):
        await delete(work, customer, before.id, {2})
    assert work.orders.history == []


async def test_anothers_order_is_not_there() -> None:
    work = FakeUnitOfWork(before := an_order())
    for actor, order_id in ((a_customer(), before.id), (an_admin(), new_id())):
        with pytest.raises(OrderNotFound):
            await change(work, actor, order_id, details={"comment": "x"})
        with pytest.raises(OrderNotFound):
            await cancel(work, actor, order_id)
        with pytest.raises(OrderNotFound):
            await delete(work, actor, order_id, None)


async def test_cancelling_is_announced_once() -> None:
    customer = a_customer()
    work = FakeUnitOfWork(before := an_order(customer))
    order = await cancel(work, customer, before.id)
    assert (await cancel(work, customer, before.id)).version == order.version == 2
    assert work.facts == [OrderCancelled(order)]


async def test_what_is_deleted_is_gone_for_its_owner_only() -> None:
    customer, admin = a_customer(), an_admin()
    work = FakeUnitOfWork(before := an_order(customer))
    await delete(work, customer, before.id, {1})
    assert [type(fact) for fact in work.facts] == [OrderCancelled]
    with pytest.raises(OrderNotFound):
        await cancel(work, customer, before.id)
    with pytest.raises(OrderNotFound):
        await delete(work, customer, before.id, None)
    await delete(work, admin, before.id, None)
    assert work.orders.stored[before.id].version == 3
