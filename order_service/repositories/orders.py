"""Orders in PostgreSQL."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from sqlalchemy import (
    DateTime,
    Integer,
    Interval,
    Uuid,
    bindparam,
    exists,
    select,
    text,
)

from libs.database.arrays import any_array
from libs.database.database import Transaction
from libs.database.executor import Row
from order_service.domain.order import Order
from order_service.domain.payment import Payment, PaymentStatus
from order_service.domain.products import Line
from order_service.domain.status import Status
from order_service.exceptions import OrderBusy
from order_service.models.orders import order_lines, orders
from order_service.models.payments import payments
from order_service.repositories.order_insert_sql import LINE_COLUMNS, PLACE, columns_of, expecting_a_new, line_columns
from order_service.repositories.order_update_sql import SAVE, changes_of
from order_service.repositories.payments import SqlPayments

# Whoever takes several takes them in this order, so nobody waits for somebody who waits for them. No key changes: rows
# that name an order can be added meanwhile.
LOCK = select(orders).where(orders.c.id == any_array("ids", Uuid)).order_by(orders.c.id).with_for_update(key_share=True)
# After the lock and not with it: while the lock was waited for, the lines may have become others.
LINES = select(order_lines).where(order_lines.c.order_id == any_array("ids", Uuid)).order_by(order_lines.c.position)

REPLACE_LINES = text("""
    WITH wanted AS (
        SELECT * FROM unnest(:product_ids, :names, :unit_prices, :quantities)
             WITH ORDINALITY AS line (product_id, name, unit_price, quantity, position)
    ), gone AS (
        DELETE FROM order_lines WHERE order_id = :id AND product_id <> ALL (:product_ids)
    )
    INSERT INTO order_lines (order_id, product_id, position, name, unit_price, quantity)
    SELECT :id, product_id, position, name, unit_price, quantity FROM wanted
    ON CONFLICT (order_id, product_id) DO UPDATE
    SET position = EXCLUDED.position, name = EXCLUDED.name, unit_price = EXCLUDED.unit_price,
        quantity = EXCLUDED.quantity
""").bindparams(bindparam("id", type_=Uuid), *LINE_COLUMNS)

DUE = (
    select(orders.c.id)
    .where(
        orders.c.reserved_until <= bindparam("now", type_=DateTime(timezone=True)),
        # They stay due for as long as the provider is away, and must not stand before all others.
        ~exists().where(payments.c.order_id == orders.c.id, payments.c.status == PaymentStatus.STARTED),
    )
    .order_by(orders.c.reserved_until)
    .limit(bindparam("limit", type_=Integer))
)
# What another timer is just taking is left to it. An order waits as long again as it has waited already, since every
# announcement of a night without catalog waits for it in its queue, before the orders of the morning.
UNANSWERED = text("""
    UPDATE orders SET announced_at = :now
    WHERE id IN (
        SELECT id FROM orders
        WHERE status = 'pending' AND announced_at < :before
          AND announced_at < :now - least(announced_at - updated_at, :longest_pause)
        ORDER BY announced_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING id
""").bindparams(
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("before", type_=DateTime(timezone=True)),
    bindparam("longest_pause", timedelta(minutes=10), type_=Interval),
    bindparam("limit", type_=Integer),
)


class SqlOrders:
    def __init__(self, transaction: Transaction, payments: SqlPayments) -> None:
        self._transaction = transaction
        self._payments = payments

    async def add(self, order: Order) -> None:
        with expecting_a_new(order):
            await self._transaction.execute(PLACE, columns_of(order))

    async def for_change(self, order_id: UUID) -> Order | None:
        try:
            return (await self.all_for_change([order_id])).get(order_id)
        except asyncpg.LockNotAvailableError as error:
            raise OrderBusy(f"Somebody is changing order {order_id}.") from error

    async def all_for_change(self, order_ids: Collection[UUID]) -> Mapping[UUID, Order]:
        rows = await self._transaction.fetch_all(LOCK, {"ids": list(order_ids)})
        if not rows:
            return {}
        found = [row["id"] for row in rows]
        lines: defaultdict[UUID, list[Line]] = defaultdict(list)
        for line in await self._transaction.fetch_all(LINES, {"ids": found}):
            lines[line.order_id].append(Line(line.product_id, line.name, line.unit_price, line.quantity))
        payments_of = await self._payments.of(found)
        return {row["id"]: _order(row, tuple(lines[row["id"]]), payments_of.get(row["id"])) for row in rows}

    async def save(self, *orders: Order) -> None:
        changed = [order for order in orders if order.changes]
        if not changed:
            return
        result = await self._transaction.execute(SAVE, changes_of(changed))
        if result.rowcount != sum(len(order.changes) for order in changed):
            told = ", ".join(str(order.id) for order in changed)
            raise RuntimeError(f"Of these orders one was saved without having been locked: {told}.")

    async def replace_lines(self, order: Order) -> None:
        await self._transaction.execute(REPLACE_LINES, {"id": order.id, **line_columns(order.lines)})

    async def due(self, now: datetime, limit: int) -> Sequence[UUID]:
        return [row.id for row in await self._transaction.fetch_all(DUE, {"now": now, "limit": limit})]

    async def unanswered(self, before: datetime, now: datetime, limit: int) -> Sequence[UUID]:
        rows = await self._transaction.fetch_all(UNANSWERED, {"before": before, "now": now, "limit": limit})
        return [row.id for row in rows]


def _order(row: Row, lines: tuple[Line, ...], payment: Payment | None) -> Order:
    return Order(
        id=row["id"],
        user_id=row["user_id"],
        username=row["username"],
        status=Status(row["status"]),
        lines=lines,
        total=row["total"],
        currency=row["currency"],
        delivery_address=row["delivery_address"],
        comment=row["comment"],
        status_reason=row["status_reason"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        reserved_until=row["reserved_until"],
        deleted_at=row["deleted_at"],
        payment=payment,
    )
