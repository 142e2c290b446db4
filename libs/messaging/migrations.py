"""The tables of messaging, for the migrations of services. Only those import this, and with it alembic."""

from alembic import op
from sqlalchemy import MetaData
from sqlalchemy.schema import CreateIndex, CreateTable

from libs.consumers.operator_actions import operator_actions_table
from libs.consumers.quarantine import message_crashes_table
from libs.consumers.replica_rebuilds import replica_rebuilds_table
from libs.outbox.snapshots import snapshot_requests_table
from libs.outbox.store import outbox_tables


def create_outbox() -> None:
    """For every service, in the newest form. The relay makes the partitions of `outbox_sent`."""
    metadata = _metadata()
    outbox_tables(metadata)
    _create(metadata)


def address_outbox() -> None:
    """Lets events go to one queue alone. A new database has been made so, and keeps it."""
    op.execute("ALTER TABLE outbox ADD COLUMN IF NOT EXISTS queue text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE outbox_sent ADD COLUMN IF NOT EXISTS queue text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE outbox_sent ALTER COLUMN sent_at SET DEFAULT clock_timestamp()")
    _replace_uniques("", ", queue")


def unaddress_outbox() -> None:
    """What waits for one queue alone had been told before, and is forgotten."""
    op.execute("DELETE FROM outbox WHERE queue <> ''")
    _replace_uniques(", queue", "")
    op.execute("ALTER TABLE outbox_sent ALTER COLUMN sent_at SET DEFAULT now()")
    op.execute("ALTER TABLE outbox_sent DROP COLUMN queue")
    op.execute("ALTER TABLE outbox DROP COLUMN queue")


def create_deliveries() -> None:
    """For a service that consumes."""
    metadata = _metadata()
    message_crashes_table(metadata)
    _create(metadata)


def create_interventions() -> None:
    """For a service that consumes."""
    metadata = _metadata()
    operator_actions_table(metadata)
    _create(metadata)


def create_announcements() -> None:
    """For a service that others keep replicas of."""
    metadata = _metadata()
    snapshot_requests_table(metadata)
    _create(metadata)


def create_rebuilds() -> None:
    """For a service that keeps replicas."""
    metadata = _metadata()
    replica_rebuilds_table(metadata)
    _create(metadata)


def _replace_uniques(before: str, after: str) -> None:
    """Of outbox. What ends the lists of their columns, before and after."""
    for columns in ("event_id", "aggregate, aggregate_id, version"):
        for ending in (before, after):
            op.execute(f"ALTER TABLE outbox DROP CONSTRAINT IF EXISTS {_unique(columns + ending)}")
        wanted = columns + after
        op.execute(f"ALTER TABLE outbox ADD CONSTRAINT {_unique(wanted)} UNIQUE ({wanted})")


def _unique(columns: str) -> str:
    return "uq_outbox_" + columns.replace(", ", "_")


def _metadata() -> MetaData:
    """Empty, and with the names that the service gives its constraints."""
    return MetaData(naming_convention=op.get_context().opts["target_metadata"].naming_convention)


def _create(metadata: MetaData) -> None:
    for table in metadata.sorted_tables:
        op.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            op.execute(CreateIndex(index))
