"""Where idempotency keys are kept: in the database of the service whose requests they name."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB


def idempotency_keys_table(metadata: MetaData) -> Table:
    """Adds `idempotency_keys`, so that alembic knows it as the service's own."""
    keys = Table(
        "idempotency_keys",
        metadata,
        Column("user_id", Uuid, primary_key=True),
        Column("key", Text, primary_key=True),
        # SHA-256 of method, path and body.
        Column("fingerprint", LargeBinary, nullable=False),
        # What the request makes is made under this id, whoever makes it in the end.
        Column("resource_id", Uuid, nullable=False),
        # The request that is at it, and until when it has the right to be; none if nobody is.
        Column("claim", Uuid),
        Column("claimed_until", DateTime(timezone=True)),
        # An earlier request got lost. It may have made the thing, or may yet.
        Column("outcome_unknown", Boolean, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False),
        # The answer, as soon as there is one that stays.
        Column("status", SmallInteger),
        Column("headers", JSONB),
        Column("body", LargeBinary),
        CheckConstraint("num_nulls(claim, claimed_until) IN (0, 2)", name="claim"),
        CheckConstraint("num_nulls(status, headers, body) IN (0, 3)", name="answer"),
        CheckConstraint("claim IS NULL OR status IS NULL", name="answered"),
    )
    Index(None, keys.c.created_at)
    return keys
