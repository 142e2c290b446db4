"""E-mails to customers about their orders: those that wait to be sent, and what became of the others."""

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
from sqlalchemy.dialects.postgresql import JSONB

from order_service.models.base import metadata
from order_service.notifications.email import EmailStatus

STATUSES = ", ".join(f"'{status}'" for status in EmailStatus)

emails = Table(
    "emails",
    metadata,
    # The change of status that it is about, which is an entry of the order's history.
    Column("order_id", Uuid, ForeignKey("orders.id"), primary_key=True),
    Column("order_version", BigInteger, primary_key=True),
    Column("status", Text, nullable=False, server_default=text(f"'{EmailStatus.WAITING}'")),
    # The order's at that version, until the e-mail is sent.
    Column("currency", Text),
    Column("lines", JSONB(none_as_null=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    # When it is sent next, and how often it was deferred.
    Column("due_at", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("settled_at", DateTime(timezone=True)),
    # What the mail server said when it did not take it.
    Column("reason", Text),
    # The trace that it belongs to, as W3C Trace Context writes it.
    Column("traceparent", Text),
    CheckConstraint(f"status IN ({STATUSES})", name="status"),
    CheckConstraint(
        "num_nonnulls(currency, lines, due_at) = CASE status WHEN 'waiting' THEN 3 ELSE 0 END", name="content"
    ),
    CheckConstraint("(settled_at IS NULL) = (status = 'waiting')", name="settled_at"),
)
Index("ix_emails_due", emails.c.due_at, postgresql_where=emails.c.due_at.is_not(None))
