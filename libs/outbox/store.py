"""The transactional outbox: events are rows of the transaction that caused them, and leave through the relay."""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    bindparam,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from libs.contracts.base import Event
from libs.database.arrays import arrays
from libs.database.database import Transaction
from libs.observability.context import TraceContext, trace_context_of
from libs.process.ids import new_id

CHANNEL = "outbox"
"""What `OutboxNotifier` notifies and `Relay` listens to."""

# Rows live for a moment: without these, dead ones would outnumber the living by far before anyone vacuums.
QUEUE_STORAGE = {
    "autovacuum_vacuum_scale_factor": 0,
    "autovacuum_vacuum_threshold": 1000,
    "autovacuum_vacuum_cost_delay": 0,
    "autovacuum_vacuum_insert_threshold": -1,
}

PARAMETERS = (
    *arrays(
        event_ids=Uuid,
        aggregates=Text,
        aggregate_ids=Uuid,
        versions=BigInteger,
        types=Text,
        payloads=Text,
        correlation_ids=Text,
        traceparents=Text,
    ),
    bindparam("queue", "", type_=Text),
)
# One statement whatever the number of events, so that it is compiled and prepared once.
STORE = text("""
    INSERT INTO outbox (event_id, aggregate, aggregate_id, version, type, payload, headers, queue, next_attempt_at)
    SELECT event_id, aggregate, aggregate_id, version, type, payload::jsonb,
           jsonb_strip_nulls(jsonb_build_object('correlation_id', correlation_id, 'traceparent', traceparent)),
           :queue, CASE WHEN :queue = '' THEN '-infinity'::timestamptz ELSE clock_timestamp() END
    FROM unnest(:event_ids, :aggregates, :aggregate_ids, :versions, :types, :payloads, :correlation_ids, :traceparents)
         AS event (event_id, aggregate, aggregate_id, version, type, payload, correlation_id, traceparent)
    ON CONFLICT (aggregate, aggregate_id, version, queue) DO NOTHING
""").bindparams(*PARAMETERS)


def outbox_tables(metadata: MetaData) -> Table:
    """Adds `outbox` and `outbox_sent`, so that alembic knows them as the service's own. Returns `outbox`."""
    outbox = Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", Uuid, nullable=False),
        *_event_columns(),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        # News that was never tried comes before what is told again and what failed, in the order of ids: see the index.
        Column(
            "next_attempt_at",
            DateTime(timezone=True),
            nullable=False,
            server_default=text("'-infinity'::timestamptz"),
        ),
        Column("last_error", Text),
        UniqueConstraint("aggregate", "aggregate_id", "version", "queue"),
        UniqueConstraint("event_id", "queue"),
        postgresql_with=QUEUE_STORAGE,
    )
    Index("ix_outbox_due", outbox.c.next_attempt_at, outbox.c.id)

    sent = Table(
        "outbox_sent",
        metadata,
        # When it was confirmed, which may be long after the relay's transaction began.
        Column("sent_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
        Column("id", BigInteger, nullable=False),
        Column("event_id", Uuid, nullable=False),
        *_event_columns(),
        Column("attempts", Integer, nullable=False),
        postgresql_partition_by="RANGE (sent_at)",
    )
    Index("ix_outbox_sent_aggregate", sent.c.aggregate_id, sent.c.version)
    Index("ix_outbox_sent_correlation", sent.c.headers["correlation_id"].astext)
    return outbox


def _event_columns() -> tuple[Column[object], ...]:
    return (
        Column("aggregate", Text, nullable=False),
        Column("aggregate_id", Uuid, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("type", Text, nullable=False),
        Column("payload", JSONB, nullable=False),
        Column("headers", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
        # Empty: it goes to the service's exchange. Otherwise to this queue alone.
        Column("queue", Text, nullable=False, server_default=text("''")),
    )


async def store(
    transaction: Transaction, events: Sequence[Event], *, cause: TraceContext | None = None, queue: str = ""
) -> None:
    """Puts events into the outbox, in the caller's transaction and in one round trip.

    They go to the service's exchange, or to one `queue` alone: the same news again for who needs it. Without `cause`
    each has the one that its subject has just now. An event whose aggregate and version already wait for the same place
    is not stored twice. Notify with the service's `OutboxNotifier` after the commit.
    """
    if events:
        await transaction.execute(STORE, {**columns(events, cause), "queue": queue})


def columns(events: Sequence[Event], cause: TraceContext | None = None) -> dict[str, Sequence[object]]:
    """The arguments of `STORE`."""
    causes = [cause or trace_context_of(event.subject, event.sequence) for event in events]
    return {
        "event_ids": [new_id() for _ in events],
        "aggregates": [event.aggregate for event in events],
        "aggregate_ids": [event.subject for event in events],
        "versions": [event.sequence for event in events],
        "types": [event.type for event in events],
        "payloads": [event.model_dump_json() for event in events],
        "correlation_ids": [each.correlation_id for each in causes],
        "traceparents": [each.traceparent for each in causes],
    }
