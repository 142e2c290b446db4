"""The tables of messaging, for the first migration of a service. Only migrations import this, and with it alembic."""

from alembic import op
from sqlalchemy import MetaData
from sqlalchemy.schema import CreateIndex, CreateTable

from libs.messaging.deliveries import deliveries_table
from libs.messaging.outbox import outbox_tables


def create_outbox() -> None:
    """For every service. The relay makes the partitions of `outbox_sent`."""
    metadata = _metadata()
    outbox_tables(metadata)
    _create(metadata)


def create_deliveries() -> None:
    """For a service that consumes."""
    metadata = _metadata()
    deliveries_table(metadata)
    _create(metadata)


def _metadata() -> MetaData:
    """Empty, and with the names that the service gives its constraints."""
    return MetaData(naming_convention=op.get_context().opts["target_metadata"].naming_convention)


def _create(metadata: MetaData) -> None:
    for table in metadata.sorted_tables:
        op.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            op.execute(CreateIndex(index))
