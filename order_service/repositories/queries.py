"""Orders as rows, for showing."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from libs.database.query import CompiledQuery, Reader, Row
from order_service.domain.actor import Actor
from order_service.domain.ports import OrderFilter
from order_service.exceptions import OrderNotFound
from order_service.models.orders import order_history, order_lines, orders
from order_service.models.payments import THE_ONE_TO_TELL_OF, payments

_ITEM = func.jsonb_build_object(
    literal_column("'product_id'"),
    order_lines.c.product_id,
    literal_column("'name'"),
    order_lines.c.name,
    # As text: JSON has no decimals, only numbers that Python reads as floats.
    literal_column("'unit_price'"),
    cast(order_lines.c.unit_price, Text),
    literal_column("'quantity'"),
    order_lines.c.quantity,
    literal_column("'line_total'"),
    cast(order_lines.c.unit_price * order_lines.c.quantity, Text),
)
_ITEMS = (
    select(func.jsonb_agg(aggregate_order_by(_ITEM, order_lines.c.position)))
    .where(order_lines.c.order_id == orders.c.id)
    .scalar_subquery()
    .label("items")
)
_PAYMENT = (
    select(
        func.jsonb_build_object(
            literal_column("'id'"),
            payments.c.id,
            literal_column("'status'"),
            payments.c.status,
            literal_column("'method'"),
            payments.c.method,
            literal_column("'amount'"),
            cast(payments.c.amount, Text),
            literal_column("'currency'"),
            payments.c.currency,
            literal_column("'provider_reference'"),
            payments.c.provider_reference,
            literal_column("'reason'"),
            payments.c.reason,
            literal_column("'created_at'"),
            payments.c.created_at,
        )
    )
    .where(payments.c.order_id == orders.c.id)
    .order_by(*THE_ONE_TO_TELL_OF)
    .limit(1)
    .scalar_subquery()
    .label("payment")
)
_ORDER = select(orders, _ITEMS, _PAYMENT)

_VISIBLE = and_(
    orders.c.id == bindparam("id", type_=Uuid),
    or_(
        bindparam("sees_all", type_=Boolean),
        and_(orders.c.user_id == bindparam("viewer_id", type_=Uuid), orders.c.deleted_at.is_(None)),
    ),
)
ONE = CompiledQuery(_ORDER.where(_VISIBLE))
# An order without further entries is one row without an entry; an order that is not there is no row.
HISTORY = CompiledQuery(
    select(
        order_history.c.version,
        order_history.c.at,
        order_history.c.actor,
        order_history.c.from_status.label("from"),
        order_history.c.to_status.label("to"),
        order_history.c.reason,
    )
    .select_from(
        orders.outerjoin(
            order_history,
            and_(
                order_history.c.order_id == orders.c.id,
                order_history.c.version > bindparam("after", type_=BigInteger),
            ),
        )
    )
    .where(_VISIBLE)
    .order_by(order_history.c.version)
    .limit(bindparam("limit", type_=BigInteger))
)
COUNT_HISTORY = CompiledQuery(
    select(func.count()).select_from(order_history).where(order_history.c.order_id == bindparam("id", type_=Uuid))
)

_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "user_id": orders.c.user_id == bindparam("user_id", type_=Uuid),
    "status": orders.c.status == bindparam("status", type_=Text),
    "created_from": orders.c.created_at >= bindparam("created_from", type_=DateTime(timezone=True)),
    "created_to": orders.c.created_at <= bindparam("created_to", type_=DateTime(timezone=True)),
}
_AFTER = tuple_(orders.c.created_at, orders.c.id) < tuple_(
    bindparam("after_at", type_=DateTime(timezone=True)), bindparam("after_id", type_=Uuid)
)


def _conditions(given: frozenset[str], *, with_deleted: bool) -> list[ColumnElement[bool]]:
    chosen = [condition for name, condition in _CONDITIONS.items() if name in given]
    return chosen if with_deleted else [*chosen, orders.c.deleted_at.is_(None)]


@lru_cache
def _page(given: frozenset[str], *, with_deleted: bool, onward: bool) -> CompiledQuery:
    conditions = _conditions(given, with_deleted=with_deleted)
    return CompiledQuery(
        _ORDER.where(*conditions, *([_AFTER] if onward else []))
        .order_by(orders.c.created_at.desc(), orders.c.id.desc())
        .limit(bindparam("limit", type_=BigInteger))
    )


@lru_cache
def _count(given: frozenset[str], *, with_deleted: bool) -> CompiledQuery:
    return CompiledQuery(select(func.count()).select_from(orders).where(*_conditions(given, with_deleted=with_deleted)))


class SqlOrderQueries:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def one(self, order_id: UUID, viewer: Actor) -> Row:
        row = await self._reader.fetch_one(ONE, id=order_id, viewer_id=viewer.user_id, sees_all=viewer.is_admin)
        if row is None:
            raise OrderNotFound(f"There is no order {order_id}.")
        return row

    async def page(self, wanted: OrderFilter, limit: int, after: tuple[datetime, UUID] | None) -> Sequence[Row]:
        given = _given(wanted)
        query = _page(frozenset(given), with_deleted=wanted.with_deleted, onward=after is not None)
        onward = {} if after is None else {"after_at": after[0], "after_id": after[1]}
        return await self._reader.fetch_all(query, limit=limit, **given, **onward)

    async def count(self, wanted: OrderFilter) -> int:
        given = _given(wanted)
        found: int = await self._reader.fetch_value(_count(frozenset(given), with_deleted=wanted.with_deleted), **given)
        return found

    async def history(self, order_id: UUID, viewer: Actor, limit: int, after: int) -> Sequence[Row]:
        rows = await self._reader.fetch_all(
            HISTORY, id=order_id, viewer_id=viewer.user_id, sees_all=viewer.is_admin, limit=limit, after=after
        )
        if not rows:
            raise OrderNotFound(f"There is no order {order_id}.")
        return [row for row in rows if row["version"] is not None]

    async def count_history(self, order_id: UUID) -> int:
        found: int = await self._reader.fetch_value(COUNT_HISTORY, id=order_id)
        return found


def _given(wanted: OrderFilter) -> dict[str, object]:
    return {name: value for name in _CONDITIONS if (value := getattr(wanted, name)) is not None}
