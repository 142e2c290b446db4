"""What people did to messages that nobody could handle: who, when and why. `ops` writes it, see `./shop parked log`."""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, MetaData, Table, Text, Uuid, text


def operator_actions_table(metadata: MetaData) -> Table:
    """Adds `operator_actions`, so that alembic knows it as the service's own."""
    operator_actions = Table(
        "operator_actions",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
        Column("operator", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("queue", Text, nullable=False),
        Column("event_id", Text, nullable=False),
        # What the message said of itself, where it could be read.
        Column("type", Text),
        Column("subject", Text),
        Column("version", BigInteger),
        Column("reason", Text, nullable=False),
        # A row is there before anything is done. Without this, whoever did it ended in the middle: it may be done.
        Column("done_at", DateTime(timezone=True)),
        CheckConstraint("operator <> '' AND action <> '' AND reason <> ''", "accounted_for"),
    )
    Index("ix_operator_actions_at", operator_actions.c.at)
    return operator_actions
