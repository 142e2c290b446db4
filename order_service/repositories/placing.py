"""A new order in one statement: alone, in a transaction that does more, or together with the event that tells of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import ARRAY, BigInteger, DateTime, Integer, Numeric, Text, Uuid, bindparam, text

from libs.database.constraints import refusing
from libs.messaging.statement import Statements, with_event
from order_service.domain.facts import Fact
from order_service.domain.order import Order
from order_service.domain.products import Line
from order_service.exceptions import OrderExists
from order_service.repositories.contracts import contract_of

LINE_COLUMNS = (
    bindparam("product_ids", type_=ARRAY(Uuid)),
    bindparam("names", type_=ARRAY(Text)),
    bindparam("unit_prices", type_=ARRAY(Numeric(9, 2))),
    bindparam("quantities", type_=ARRAY(Integer)),
)
_COLUMNS = (
    bindparam("id", type_=Uuid),
    bindparam("user_id", type_=Uuid),
    bindparam("username", type_=Text),
    bindparam("status", type_=Text),
    bindparam("total", type_=Numeric(14, 2)),
    bindparam("currency", type_=Text),
    bindparam("delivery_address", type_=Text),
    bindparam("comment", type_=Text),
    bindparam("version", type_=BigInteger),
    bindparam("created_at", type_=DateTime(timezone=True)),
    bindparam("actor", type_=Text),
    *LINE_COLUMNS,
)
# For any number of lines.
_ROWS = """
    WITH placed AS (
        INSERT INTO orders (id, user_id, username, status, total, currency, delivery_address, comment,
                            version, created_at, updated_at, announced_at)
        VALUES (:id, :user_id, :username, :status, :total, :currency, :delivery_address, :comment,
                :version, :created_at, :created_at, :created_at)
    ), lines AS (
        INSERT INTO order_lines (order_id, product_id, position, name, unit_price, quantity)
        SELECT :id, product_id, position, name, unit_price, quantity
        FROM unnest(:product_ids, :names, :unit_prices, :quantities)
             WITH ORDINALITY AS line (product_id, name, unit_price, quantity, position)
    ), history AS (
        INSERT INTO order_history (order_id, version, at, actor, to_status)
        VALUES (:id, :version, :created_at, :actor, :status)
    )
"""
PLACE = text(f"{_ROWS} SELECT").bindparams(*_COLUMNS)
PLACE_AND_TELL = with_event(_ROWS, *_COLUMNS)


class SqlPlacement:
    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def place(self, order: Order, fact: Fact) -> None:
        with expecting_a_new(order):
            await self._statements.run(PLACE_AND_TELL, contract_of(fact), **row_of(order))


@contextmanager
def expecting_a_new(order: Order) -> Iterator[None]:
    def taken() -> OrderExists:
        return OrderExists(f"There is an order {order.id} already.")

    # Which of the statement's parts PostgreSQL runs first is its own affair.
    with refusing({"pk_orders": taken, "pk_order_history": taken, "pk_order_lines": taken}):
        yield


def row_of(order: Order) -> dict[str, object]:
    return {
        "id": order.id,
        "user_id": order.user_id,
        "username": order.username,
        "status": order.status,
        "total": order.total,
        "currency": order.currency,
        "delivery_address": order.delivery_address,
        "comment": order.comment,
        "version": order.version,
        "created_at": order.created_at,
        "actor": order.changes[0].actor,
        **line_columns(order.lines),
    }


def line_columns(lines: Sequence[Line]) -> dict[str, object]:
    return {
        "product_ids": [line.product_id for line in lines],
        "names": [line.name for line in lines],
        "unit_prices": [line.unit_price for line in lines],
        "quantities": [line.quantity for line in lines],
    }
