"""Replicas that are being rebuilt: until one is whole again, the worker that keeps it is not ready."""

from sqlalchemy import Column, DateTime, MetaData, Table, Text, text

from libs.database.database import Database

OPEN = text("SELECT queue FROM replica_rebuilds ORDER BY queue")


class RebuildingError(Exception):
    """What a health check raises."""


def replica_rebuilds_table(metadata: MetaData) -> Table:
    """Adds `replica_rebuilds`, which has the queues of replicas that are being rebuilt."""
    return Table(
        "replica_rebuilds",
        metadata,
        Column("queue", Text, primary_key=True),
        Column("requested_by", Text, nullable=False),
        Column("since", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    )


async def check_no_rebuild(transactions: Database) -> None:
    """For readiness."""
    if rebuilding := [row.queue for row in await transactions.fetch_all(OPEN)]:
        raise RebuildingError(", ".join(rebuilding))
