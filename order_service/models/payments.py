"""Payments, and which messages of the provider were handled. That an order is paid once stands here as an index."""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    Uuid,
    literal_column,
    text,
)

from order_service.domain.payment import PaymentStatus
from order_service.models.base import metadata
from order_service.models.orders import orders

STATUSES = ", ".join(f"'{status}'" for status in PaymentStatus)

payments = Table(
    "payments",
    metadata,
    # Also what the provider knows it by: it charges once for one id, however often it is asked.
    Column("id", Uuid, primary_key=True),
    Column("order_id", Uuid, ForeignKey(orders.c.id), nullable=False),
    Column("status", Text, nullable=False),
    Column("method", Text, nullable=False),
    # What stands for the customer's card at the provider, until the outcome is known.
    Column("token", Text),
    Column("amount", Numeric(14, 2), nullable=False),
    Column("currency", Text, nullable=False),
    Column("provider_reference", Text),
    Column("reason", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    # When the provider is asked next, where its answer is missing; and how often it was.
    Column("due_at", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    CheckConstraint(f"status IN ({STATUSES})", name="status"),
    CheckConstraint("amount >= 0", name="amount"),
    CheckConstraint("(due_at IS NOT NULL) = (status IN ('started', 'refunding'))", name="due_at"),
    CheckConstraint("(token IS NOT NULL) = (status = 'started')", name="token"),
    CheckConstraint(
        "provider_reference IS NOT NULL OR status IN ('started', 'declined', 'failed')", name="provider_reference"
    ),
)
Index(None, payments.c.order_id, payments.c.created_at)
Index(
    "uq_payments_one_an_order",
    payments.c.order_id,
    unique=True,
    postgresql_where=text("status IN ('started', 'succeeded')"),
)
# Of an order's payments the one to tell of: it may still charge or has, or it did once, or else the newest. By time
# alone it would be another where one that was given up succeeds after all, or where clocks differ.
THE_ONE_TO_TELL_OF: tuple[ColumnElement[Any], ...] = (
    literal_column("""
        CASE WHEN payments.status IN ('started', 'succeeded') THEN 0
             WHEN payments.status IN ('refunding', 'refunded') THEN 1 ELSE 2 END
    """),
    payments.c.created_at.desc(),
    payments.c.id.desc(),
)
Index("ix_payments_due", payments.c.due_at, postgresql_where=payments.c.due_at.is_not(None))

provider_messages = Table(
    "provider_messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("received_at", DateTime(timezone=True), nullable=False),
)

# The invented provider's own book. Nothing of the shop reads it but that provider.
mock_provider_charges = Table(
    "mock_provider_charges",
    metadata,
    Column("payment_id", Uuid, primary_key=True),
    Column("reference", Text, nullable=False, unique=True),
    Column("amount", Numeric(14, 2), nullable=False),
    Column("currency", Text, nullable=False),
    # None: it was captured.
    Column("declined_because", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("refunded_at", DateTime(timezone=True)),
    CheckConstraint("refunded_at IS NULL OR declined_because IS NULL", name="refunded_at"),
)
