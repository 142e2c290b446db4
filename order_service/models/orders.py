"""Orders, their lines and their history. What the domain promises about them, the database holds as well."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from order_service.domain.products import MAX_LINES, MAX_QUANTITY
from order_service.domain.status import FINAL, Status
from order_service.models.base import metadata

STATUSES = ", ".join(f"'{status}'" for status in Status)
FINAL_STATUSES = ", ".join(f"'{status}'" for status in Status if status in FINAL)

orders = Table(
    "orders",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    # As at the moment of ordering, like names and prices.
    Column("username", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("total", Numeric(14, 2), nullable=False),
    Column("currency", Text, nullable=False),
    Column("delivery_address", Text),
    Column("comment", Text),
    Column("status_reason", Text),
    Column("version", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("deleted_at", DateTime(timezone=True)),
    # Until when the catalog holds its stock for a payment.
    Column("reserved_until", DateTime(timezone=True)),
    # When its state was last told to the others.
    Column("announced_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(f"status IN ({STATUSES})", name="status"),
    CheckConstraint("total >= 0", name="total"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("char_length(delivery_address) <= 500", name="delivery_address"),
    CheckConstraint("char_length(comment) <= 2000", name="comment"),
    CheckConstraint(f"deleted_at IS NULL OR status IN ({FINAL_STATUSES})", name="deleted_is_final"),
    CheckConstraint("(reserved_until IS NOT NULL) = (status = 'awaiting_payment')", name="reserved_until"),
)
# Each list, newest first, is a walk along one of these.
Index(None, orders.c.user_id, orders.c.created_at, orders.c.id)
Index(None, orders.c.status, orders.c.created_at, orders.c.id)
Index(None, orders.c.created_at, orders.c.id)
# What the timers look for: few rows of many, so the indexes stay small.
Index("ix_orders_due", orders.c.reserved_until, postgresql_where=orders.c.reserved_until.is_not(None))
Index("ix_orders_unanswered", orders.c.announced_at, postgresql_where=orders.c.status == text("'pending'"))

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_id", Uuid, ForeignKey(orders.c.id), primary_key=True),
    Column("product_id", Uuid, primary_key=True),
    Column("position", SmallInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("unit_price", Numeric(9, 2), nullable=False),
    Column("quantity", Integer, nullable=False),
    CheckConstraint(f"quantity BETWEEN 1 AND {MAX_QUANTITY}", name="quantity"),
    CheckConstraint(f"position BETWEEN 1 AND {MAX_LINES}", name="position"),
    CheckConstraint("unit_price >= 0", name="unit_price"),
)

# Rows are only ever added: the first migration has a trigger that refuses the rest.
order_history = Table(
    "order_history",
    metadata,
    Column("order_id", Uuid, ForeignKey(orders.c.id), primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("from_status", Text),
    Column("to_status", Text, nullable=False),
    Column("reason", Text),
    CheckConstraint(f"from_status IN ({STATUSES})", name="from_status"),
    CheckConstraint(f"to_status IN ({STATUSES})", name="to_status"),
    CheckConstraint("(version = 1) = (from_status IS NULL)", name="first"),
)
