"""What customers were told of their orders, and the mails that wait to be posted."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)

from order_service.domain.notices import Delivery
from order_service.models.base import metadata
from order_service.models.orders import STATUSES, orders

DELIVERIES = ", ".join(f"'{delivery}'" for delivery in Delivery)

notifications = Table(
    "notifications",
    metadata,
    # The change of status that it tells of. One that is announced again, under whatever event id, finds this row.
    Column("order_id", Uuid, ForeignKey(orders.c.id), primary_key=True),
    Column("order_version", BigInteger, primary_key=True),
    Column("order_status", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    # The letter, for as long as somebody needs it.
    Column("subject", Text),
    Column("text", Text),
    Column("html", Text),
    Column("written_at", DateTime(timezone=True), nullable=False),
    # When it is posted next, and how often it was put off.
    Column("due_at", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("settled_at", DateTime(timezone=True)),
    # What the mail server said when it did not take it.
    Column("reason", Text),
    # What it belongs to, as W3C Trace Context writes it.
    Column("traceparent", Text),
    CheckConstraint(f"order_status IN ({STATUSES})", name="order_status"),
    CheckConstraint(f"delivery IN ({DELIVERIES})", name="delivery"),
    CheckConstraint(
        "num_nonnulls(subject, text, html, due_at) = CASE delivery WHEN 'waiting' THEN 4 ELSE 0 END", name="letter"
    ),
    CheckConstraint("(settled_at IS NULL) = (delivery = 'waiting')", name="settled_at"),
)
Index("ix_notifications_due", notifications.c.due_at, postgresql_where=notifications.c.due_at.is_not(None))
