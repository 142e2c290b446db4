"""New orders in one statement: in a transaction that does more, or together with the events that tell of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import BigInteger, DateTime, Integer, Numeric, Text, Uuid, text

from libs.database.arrays import arrays
from libs.database.constraints import translate_constraint
from libs.database.query import Reader
from libs.outbox.notifier import OutboxNotifier
from libs.outbox.single_statement import InsertWithEvent, append_outbox_insert
from order_service.domain.events import DomainEvent
from order_service.domain.order import Order
from order_service.domain.products import Line
from order_service.exceptions import OrderExists
from order_service.notifications.repository import EMAIL_COLUMNS, ENQUEUE, enqueued
from order_service.repositories.event_mapping import contract_of

LINE_COLUMNS = arrays(product_ids=Uuid, names=Text, unit_prices=Numeric(9, 2), quantities=Integer)
_COLUMNS = (
    *arrays(
        ids=Uuid,
        user_ids=Uuid,
        usernames=Text,
        statuses=Text,
        totals=Numeric(14, 2),
        currencies=Text,
        delivery_addresses=Text,
        comments=Text,
        order_versions=BigInteger,
        created_ats=DateTime(timezone=True),
        actors=Text,
        order_ids=Uuid,
        positions=Integer,
    ),
    *LINE_COLUMNS,
    *EMAIL_COLUMNS,
)
# For any number of orders, and of lines.
_ROWS = f"""
    WITH new AS (
        SELECT * FROM unnest(:ids, :user_ids, :usernames, :statuses, :totals, :currencies, :delivery_addresses,
                             :comments, :order_versions, :created_ats, :actors)
             AS new (id, user_id, username, status, total, currency, delivery_address,
                     comment, version, created_at, actor)
    ), placed AS (
        INSERT INTO orders (id, user_id, username, status, total, currency, delivery_address, comment,
                            version, created_at, updated_at, announced_at)
        SELECT id, user_id, username, status, total, currency, delivery_address, comment,
               version, created_at, created_at, created_at FROM new
    ), lines AS (
        INSERT INTO order_lines (order_id, product_id, position, name, unit_price, quantity)
        SELECT * FROM unnest(:order_ids, :product_ids, :positions, :names, :unit_prices, :quantities)
    ), history AS (
        INSERT INTO order_history (order_id, version, at, actor, to_status)
        SELECT id, version, created_at, actor, status FROM new
    ), emails AS ({ENQUEUE})
"""  # noqa: S608 - made of constants
PLACE = text(f"{_ROWS} SELECT").bindparams(*_COLUMNS)
PLACE_WITH_EVENT = append_outbox_insert(_ROWS, *_COLUMNS)


class SqlOrderWriter:
    def __init__(self, database: Reader, notifier: OutboxNotifier) -> None:
        self._statement = InsertWithEvent(PLACE_WITH_EVENT, database, notifier)

    async def place(self, order: Order, fact: DomainEvent) -> None:
        with expecting_a_new(order):
            await self._statement.execute(contract_of(fact), columns_of(order))


@contextmanager
def expecting_a_new(order: Order) -> Iterator[None]:
    def taken() -> OrderExists:
        return OrderExists(f"There is an order {order.id} already.")

    # Which of the statement's parts PostgreSQL runs first is its own affair.
    with translate_constraint(dict.fromkeys(("pk_orders", "pk_order_history", "pk_order_lines", "pk_emails"), taken)):
        yield


def columns_of(order: Order) -> dict[str, Sequence[object]]:
    return {
        "ids": [order.id],
        "user_ids": [order.user_id],
        "usernames": [order.username],
        "statuses": [order.status],
        "totals": [order.total],
        "currencies": [order.currency],
        "delivery_addresses": [order.delivery_address],
        "comments": [order.comment],
        "order_versions": [order.version],
        "created_ats": [order.created_at],
        "actors": [order.changes[0].actor],
        "order_ids": [order.id for _ in order.lines],
        "positions": range(1, len(order.lines) + 1),
        **line_columns(order.lines),
        **enqueued([order]),
    }


def line_columns(lines: Sequence[Line]) -> dict[str, Sequence[object]]:
    return {
        "product_ids": [line.product_id for line in lines],
        "names": [line.name for line in lines],
        "unit_prices": [line.unit_price for line in lines],
        "quantities": [line.quantity for line in lines],
    }
