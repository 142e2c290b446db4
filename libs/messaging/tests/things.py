"""A service in small: what it publishes, its tables, and a replica of its own things."""

from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Table, Text, Uuid
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from libs.contracts.base import StateEvent
from libs.contracts.topology import Exchange, Queue
from libs.database.metadata import new_metadata
from libs.database.urls import for_sqlalchemy
from libs.messaging.deliveries import deliveries_table
from libs.messaging.guard import apply_if_newer
from libs.messaging.outbox import outbox_tables

METADATA = new_metadata()
OUTBOX = outbox_tables(METADATA)
DELIVERIES = deliveries_table(METADATA)
THINGS = Table(
    "things",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("is_deleted", Boolean, nullable=False, server_default="false"),
)


class ThingChanged(StateEvent):
    type: ClassVar[str] = "thing.changed"
    source: ClassVar[str] = "/test"
    aggregate: ClassVar[str] = "thing"

    name: str


class ThingDeleted(StateEvent):
    type: ClassVar[str] = "thing.deleted"
    source: ClassVar[str] = "/test"
    aggregate: ClassVar[str] = "thing"


ThingEvent = ThingChanged | ThingDeleted


def topology_named(name: str) -> Queue:
    return Queue(f"{name}.things", Exchange(f"{name}.events", "/test"), "thing.*")


async def create_tables(url: str) -> None:
    engine = create_async_engine(for_sqlalchemy(url))
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    await engine.dispose()


async def follow(connection: AsyncConnection, *events: ThingEvent) -> int:
    """How many were news."""
    return await apply_if_newer(connection, THINGS, [_row(event) for event in events])


def _row(event: ThingEvent) -> dict[str, UUID | int | str | bool]:
    name, is_deleted = (event.name, False) if isinstance(event, ThingChanged) else ("", True)
    return {"id": event.id, "version": event.version, "name": name, "is_deleted": is_deleted}
