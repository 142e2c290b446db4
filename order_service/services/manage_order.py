"""Changing an order that exists."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from uuid import UUID

from libs.errors import expect_version
from libs.tokens.principal import Forbidden
from order_service.domain.actor import Actor
from order_service.domain.events import DomainEvent, OrderRefunded
from order_service.domain.order import Details, Order
from order_service.domain.ports import UnitOfWorkFactory
from order_service.domain.status import Status
from order_service.exceptions import IllegalTransition
from order_service.services.product_pricing import ProductPricing
from order_service.services.save_order import get_order_for, save_and_record


async def update(
    uow: UnitOfWorkFactory,
    pricing: ProductPricing,
    actor: Actor,
    order_id: UUID,
    *,
    items: Mapping[UUID, int] | None,
    details: Details,
    status: Status | None,
    expected: Collection[int] | None,
) -> Order:
    """The owner amends, an admin moves the order on. No order is in a status that allows both."""
    offer = None if items is None else await pricing.price(items)
    async with uow() as work:
        order = await get_order_for(work, actor, order_id)
        if (offer or details) and order.user_id != actor.user_id:
            raise Forbidden("Only its owner changes an order's items, address and comment.")
        if status is not None and not actor.is_admin:
            raise Forbidden("Only an admin sets an order's status.")
        expect_version(order.version, expected)
        now = datetime.now(UTC)
        if offer or details:
            fact = order.amend(actor, offer, details, now)
            await save_and_record(work, order, fact)
            if offer and fact:
                await work.orders.replace_lines(order)
        if status is not None:
            await save_and_record(work, order, _advance(order, actor, status, now))
    return order


async def cancel(uow: UnitOfWorkFactory, actor: Actor, order_id: UUID) -> Order:
    async with uow() as work:
        order = await get_order_for(work, actor, order_id)
        fact = order.cancel(actor, datetime.now(UTC))
        await save_and_record(work, order, fact)
        if isinstance(fact, OrderRefunded) and order.payment is not None:
            await work.payments.save(order.payment)
    return order


async def delete(uow: UnitOfWorkFactory, actor: Actor, order_id: UUID, expected: Collection[int] | None) -> None:
    async with uow() as work:
        order = await get_order_for(work, actor, order_id)
        expect_version(order.version, expected)
        await save_and_record(work, order, order.delete(actor, datetime.now(UTC)))


def _advance(order: Order, actor: Actor, status: Status, now: datetime) -> DomainEvent:
    match status:
        case Status.SHIPPED:
            return order.ship(actor, now)
        case Status.DELIVERED:
            return order.deliver(actor, now)
        case _:
            raise IllegalTransition(f"An order does not become {status} by an admin's hand.")
