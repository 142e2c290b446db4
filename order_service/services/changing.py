"""Changing an order that exists."""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from libs.refusals import expect_version
from libs.tokens.principal import Forbidden
from order_service.domain.actor import Actor
from order_service.domain.facts import Fact
from order_service.domain.order import Details, Order
from order_service.domain.ports import UnitOfWork, UnitOfWorkFactory
from order_service.domain.status import Status
from order_service.exceptions import IllegalTransition, OrderNotFound


async def update(
    uow: UnitOfWorkFactory,
    actor: Actor,
    order_id: UUID,
    *,
    details: Details,
    status: Status | None,
    expected: Collection[int] | None,
) -> Order:
    """The owner changes details, an admin moves the order on. No order is in a status that allows both."""
    async with uow() as work:
        order = await _order_of(work, actor, order_id)
        if details and order.user_id != actor.user_id:
            raise Forbidden("Only its owner changes an order's address and comment.")
        if status is not None and not actor.is_admin:
            raise Forbidden("Only an admin sets an order's status.")
        expect_version(order.version, expected)
        now = datetime.now(UTC)
        if details:
            await _keep(work, order, order.change_details(actor, details, now))
        if status is not None:
            await _keep(work, order, _advance(order, actor, status, now))
    return order


async def cancel(uow: UnitOfWorkFactory, actor: Actor, order_id: UUID) -> Order:
    async with uow() as work:
        order = await _order_of(work, actor, order_id)
        await _keep(work, order, order.cancel(actor, datetime.now(UTC)))
    return order


async def delete(uow: UnitOfWorkFactory, actor: Actor, order_id: UUID, expected: Collection[int] | None) -> None:
    async with uow() as work:
        order = await _order_of(work, actor, order_id)
        expect_version(order.version, expected)
        await _keep(work, order, order.delete(actor, datetime.now(UTC)))


async def _order_of(work: UnitOfWork, actor: Actor, order_id: UUID) -> Order:
    order = await work.orders.for_change(order_id)
    if order is None or not order.is_visible_to(actor):
        raise OrderNotFound(f"There is no order {order_id}.")
    return order


def _advance(order: Order, actor: Actor, status: Status, now: datetime) -> Fact:
    match status:
        case Status.SHIPPED:
            return order.ship(actor, now)
        case Status.DELIVERED:
            return order.deliver(actor, now)
        case _:
            raise IllegalTransition(f"An order does not become {status} by an admin's hand.")


async def _keep(work: UnitOfWork, order: Order, fact: Fact | None) -> None:
    await work.orders.save(order)
    if fact is not None:
        work.record(fact)
