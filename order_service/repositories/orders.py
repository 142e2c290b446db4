"""Orders in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    Interval,
    Numeric,
    Text,
    Uuid,
    bindparam,
    exists,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from order_service.domain.order import Order
from order_service.domain.payment import PaymentStatus
from order_service.domain.products import Line
from order_service.domain.status import Status
from order_service.models.orders import order_lines, orders
from order_service.models.payments import payments
from order_service.repositories.payments import SqlPayments
from order_service.repositories.placing import LINE_COLUMNS, PLACE, columns_of, expecting_a_new, line_columns

LOCK = select(orders).where(orders.c.id == bindparam("id")).with_for_update()
# After the lock and not with it: while the lock was waited for, the lines may have become others.
LINES = select(order_lines).where(order_lines.c.order_id == bindparam("id")).order_by(order_lines.c.position)

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
        ORDER BY announced_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    RETURNING id
""").bindparams(
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("before", type_=DateTime(timezone=True)),
    bindparam("longest_pause", timedelta(minutes=10), type_=Interval),
    bindparam("limit", type_=Integer),
)

SAVE = text("""
    WITH saved AS (
        UPDATE orders
        SET status = :status, status_reason = :status_reason, delivery_address = :delivery_address,
            comment = :comment, total = :total, currency = :currency, version = :version,
            updated_at = :updated_at, announced_at = :updated_at, reserved_until = :reserved_until,
            deleted_at = :deleted_at
        WHERE id = :id AND version = :seen
        RETURNING id
    )
    INSERT INTO order_history (order_id, version, at, actor, from_status, to_status, reason)
    SELECT saved.id, change.*
    FROM saved, unnest(:versions, :moments, :actors, :from_statuses, :to_statuses, :reasons) AS change
""").bindparams(
    bindparam("id", type_=Uuid),
    bindparam("seen", type_=BigInteger),
    bindparam("status", type_=Text),
    bindparam("status_reason", type_=Text),
    bindparam("delivery_address", type_=Text),
    bindparam("comment", type_=Text),
    bindparam("total", type_=Numeric(14, 2)),
    bindparam("currency", type_=Text),
    bindparam("version", type_=BigInteger),
    bindparam("updated_at", type_=DateTime(timezone=True)),
    bindparam("reserved_until", type_=DateTime(timezone=True)),
    bindparam("deleted_at", type_=DateTime(timezone=True)),
    bindparam("versions", type_=ARRAY(BigInteger)),
    bindparam("moments", type_=ARRAY(DateTime(timezone=True))),
    bindparam("actors", type_=ARRAY(Text)),
    bindparam("from_statuses", type_=ARRAY(Text)),
    bindparam("to_statuses", type_=ARRAY(Text)),
    bindparam("reasons", type_=ARRAY(Text)),
)


class SqlOrders:
    def __init__(self, connection: AsyncConnection, payments: SqlPayments) -> None:
        self._connection = connection
        self._payments = payments

    async def add(self, order: Order) -> None:
        with expecting_a_new(order):
            await self._connection.execute(PLACE, columns_of(order))

    async def for_change(self, order_id: UUID) -> Order | None:
        row = (await self._connection.execute(LOCK, {"id": order_id})).mappings().one_or_none()
        if row is None:
            return None
        lines = (await self._connection.execute(LINES, {"id": order_id})).all()
        return Order(
            id=row["id"],
            user_id=row["user_id"],
            username=row["username"],
            status=Status(row["status"]),
            lines=tuple(Line(line.product_id, line.name, line.unit_price, line.quantity) for line in lines),
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
            payment=await self._payments.of(order_id),
        )

    async def save(self, order: Order) -> None:
        if not order.changes:
            return
        result = await self._connection.execute(
            SAVE,
            {
                "id": order.id,
                "seen": order.changes[0].version - 1,
                "status": order.status,
                "status_reason": order.status_reason,
                "delivery_address": order.delivery_address,
                "comment": order.comment,
                "total": order.total,
                "currency": order.currency,
                "version": order.version,
                "updated_at": order.updated_at,
                "reserved_until": order.reserved_until,
                "deleted_at": order.deleted_at,
                "versions": [change.version for change in order.changes],
                "moments": [change.at for change in order.changes],
                "actors": [change.actor for change in order.changes],
                "from_statuses": [change.from_status for change in order.changes],
                "to_statuses": [change.to_status for change in order.changes],
                "reasons": [change.reason for change in order.changes],
            },
        )
        if result.rowcount != len(order.changes):
            raise RuntimeError(f"Order {order.id} was saved without having been locked.")

    async def replace_lines(self, order: Order) -> None:
        await self._connection.execute(REPLACE_LINES, {"id": order.id, **line_columns(order.lines)})

    async def due(self, now: datetime, limit: int) -> Sequence[UUID]:
        return (await self._connection.scalars(DUE, {"now": now, "limit": limit})).all()

    async def unanswered(self, before: datetime, now: datetime, limit: int) -> Sequence[UUID]:
        return (await self._connection.scalars(UNANSWERED, {"before": before, "now": now, "limit": limit})).all()
