"""Endpoints outside the shop, the events that they get, and their responses."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from order_service.models.base import metadata
from order_service.webhooks.delivery import DeliveryStatus

DELIVERY_STATUSES = ", ".join(f"'{status}'" for status in DeliveryStatus)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("url", Text, nullable=False),
    Column("types", ARRAY(Text), nullable=False),
    Column("description", Text),
    Column("is_active", Boolean, nullable=False),
    # In plain text, since they sign: the present one first, then those that were replaced, with their end.
    Column("secrets", JSONB, nullable=False),
    # By type: what happened before is not for it.
    Column("subscribed_since", JSONB, nullable=False),
    Column("disabled_reason", Text),
    Column("failing_since", DateTime(timezone=True)),
    Column("failures", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    # Hidden; its deliveries are being deleted.
    Column("deleted_at", DateTime(timezone=True)),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("cardinality(types) >= 1", name="types"),
    CheckConstraint("disabled_reason IS NULL OR NOT is_active", name="disabled_reason"),
    CheckConstraint("(failing_since IS NULL) = (failures = 0)", name="failing_since"),
    CheckConstraint("deleted_at IS NULL OR (NOT is_active AND secrets = '[]')", name="deleted_at"),
)

webhook_events = Table(
    "webhook_events",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("type", Text, nullable=False),
    # Whose event it is: a user's own are found by the user's id.
    Column("subject", Uuid, nullable=False),
    # None: a ping.
    Column("sequence", BigInteger),
    # The message as it was received, and as it is sent.
    Column("body", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    # What is published once more, under another id, is the same event.
    UniqueConstraint("subject", "type", "sequence"),
)
Index(None, webhook_events.c.received_at)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("webhook_id", Uuid, ForeignKey(webhooks.c.id), nullable=False),
    Column("event_id", Uuid, ForeignKey(webhook_events.c.id, ondelete="CASCADE"), nullable=False),
    Column("type", Text, nullable=False),
    Column("status", Text, nullable=False),
    # When it is tried next. While it is claimed: when the lease runs out.
    Column("due_at", DateTime(timezone=True)),
    Column("claim", Uuid),
    # All attempts that were begun, and those that have failed since it was last asked for.
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    UniqueConstraint("event_id", "webhook_id"),
    CheckConstraint(f"status IN ({DELIVERY_STATUSES})", name="status"),
    CheckConstraint("(due_at IS NOT NULL) = (status = 'pending')", name="due_at"),
    CheckConstraint("claim IS NULL OR status = 'pending'", name="claim"),
    CheckConstraint("(settled_at IS NULL) = (status = 'pending')", name="settled_at"),
)
Index(None, webhook_deliveries.c.webhook_id, webhook_deliveries.c.id)
Index(
    "ix_webhook_deliveries_due",
    webhook_deliveries.c.webhook_id,
    webhook_deliveries.c.due_at,
    postgresql_where=webhook_deliveries.c.due_at.is_not(None),
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("delivery_id", Uuid, ForeignKey(webhook_deliveries.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("seconds", Float, nullable=False),
    Column("status_code", SmallInteger),
    Column("error", Text),
    # The beginning of its body.
    Column("response", Text),
    CheckConstraint("num_nonnulls(status_code, error) = 1", name="outcome"),
)
