"""A service in small: what it publishes, its tables, and a replica of its own things."""

from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Table, Text, Uuid

from libs.consumers.quarantine import message_crashes_table
from libs.consumers.version_guard import upsert_if_newer
from libs.contracts.base import StateEvent
from libs.contracts.topology import Exchange, StaticQueue
from libs.database.database import Transaction
from libs.database.metadata import new_metadata
from libs.outbox.store import outbox_tables
from libs.process.ids import new_id
from libs.testing.engines import new_engine

METADATA = new_metadata()
OUTBOX = outbox_tables(METADATA)
DELIVERIES = message_crashes_table(METADATA)
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


def changed(version: int = 1, name: str = "thing", thing_id: UUID | None = None) -> ThingChanged:
    return ThingChanged(id=thing_id or new_id(), version=version, name=name)


def topology_named(name: str) -> StaticQueue:
    return StaticQueue(f"{name}.things", Exchange(f"{name}.events", "/test"), ("thing.*",))


async def create_tables(url: str) -> None:
    engine = new_engine(url, pool_size=1)
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    await engine.dispose()


async def follow(transaction: Transaction, *events: ThingEvent) -> int:
    """How many were news."""
    return await upsert_if_newer(transaction, THINGS, [_row(event) for event in events])


def _row(event: ThingEvent) -> dict[str, UUID | int | str | bool]:
    name, is_deleted = (event.name, False) if isinstance(event, ThingChanged) else ("", True)
    return {"id": event.id, "version": event.version, "name": name, "is_deleted": is_deleted}
