"""An owner tells one queue the state of its aggregates once more: for a replica that is new, was emptied or damaged.

Somebody asks for it with a row in `snapshot_requests`, and any of the owner's workers carries it out, a portion a
transaction: one that dies is followed by another where it stopped. The version guard merges what is told with what
happens meanwhile.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Index,
    MetaData,
    Table,
    Text,
    Uuid,
    bindparam,
    text,
)

from libs.contracts.base import Event
from libs.database.database import Database, Transaction
from libs.observability.context import TraceContext
from libs.outbox.notifier import OutboxNotifier
from libs.outbox.store import store

PAGE_SIZE: Final = 500
# What waits for the relay at most, so that events of the day never stand behind a whole replica.
MAX_BACKLOG: Final = 2_000

TAKE = text("""
    SELECT id, queue, ids, cursor FROM snapshot_requests
    WHERE done_at IS NULL AND (SELECT count(*) FROM outbox WHERE outbox.queue = snapshot_requests.queue) < :ahead
    ORDER BY requested_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
""")
PROGRESS = text("""
    UPDATE snapshot_requests SET published = published + :published, cursor = coalesce(:up_to, cursor),
           done_at = CASE WHEN :published < :page_size THEN clock_timestamp() END
    WHERE id = :id
""").bindparams(bindparam("up_to", type_=Uuid))

SnapshotPage = Callable[[Transaction, UUID, Sequence[UUID] | None, int], Awaitable[Sequence[Event]]]
"""Gives the next aggregates after an id, at most so many, in the order of their ids: of all, or of those named.

Those that are gone are told as deleted. So is one that the owner has never heard of, if it is named: at version 1.
"""


def snapshot_requests_table(metadata: MetaData) -> Table:
    """Adds `snapshot_requests`, so that alembic knows it as the service's own."""
    snapshot_requests = Table(
        "snapshot_requests",
        metadata,
        Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
        Column("queue", Text, nullable=False),
        # None: all of them.
        Column("ids", ARRAY(Uuid)),
        Column("cursor", Uuid, nullable=False, server_default=text("'00000000-0000-0000-0000-000000000000'")),
        Column("published", BigInteger, nullable=False, server_default=text("0")),
        Column("requested_by", Text, nullable=False),
        Column("requested_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
        Column("done_at", DateTime(timezone=True)),
    )
    open_ones = snapshot_requests.c.done_at.is_(None)
    Index("ix_snapshot_requests_open", snapshot_requests.c.requested_at, postgresql_where=open_ones)
    return snapshot_requests


class SnapshotPublisher:
    def __init__(self, transactions: Database, notifier: OutboxNotifier, portion: SnapshotPage) -> None:
        self._transactions = transactions
        self._notifier = notifier
        self._portion = portion

    async def publish_due(self) -> None:
        """For a timer; several may run at once."""
        while await self._publish_page():
            self._notifier.notify()

    async def _publish_page(self) -> bool:
        async with self._transactions.transaction() as transaction:
            due = await transaction.fetch_one(TAKE, {"ahead": MAX_BACKLOG})
            if due is None:
                return False
            events = await self._portion(transaction, due.cursor, due.ids, PAGE_SIZE)
            await store(transaction, events, cause=TraceContext(f"announcement-{due.id}"), queue=due.queue)
            progress = {
                "published": len(events),
                "up_to": events[-1].subject if events else None,
                "page_size": PAGE_SIZE,
            }
            await transaction.execute(PROGRESS, {"id": due.id, **progress})
        return True
