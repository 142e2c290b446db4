"""Who does what to which message, and why: recorded before it is done, in the database of the queue's consumer."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from operator import itemgetter
from typing import Any
from uuid import UUID

from libs.contracts.topology import Queue
from libs.process.ids import new_id
from ops.admin.addresses import Addresses
from ops.admin.database import Database, database
from ops.admin.operator_identity import OperatorIdentity
from ops.admin.parked import Parked

_BEGIN = """
    INSERT INTO operator_actions (id, operator, action, queue, event_id, type, subject, version, reason)
    SELECT id, $1, $2, queue, event_id, type, subject, version, $3
    FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[])
         AS message (id, queue, event_id, type, subject, version)
"""
_FINISH = "UPDATE operator_actions SET done_at = clock_timestamp() WHERE id = ANY($1)"
_NEWEST = """
    SELECT id, at, operator, action, queue, event_id, type, subject, version, reason, done_at
    FROM operator_actions WHERE queue = ANY($1) ORDER BY at DESC, id DESC LIMIT $2
"""


class ActionLog:
    """Those of one service."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, action: str, account: OperatorIdentity, messages: Sequence[Parked]) -> list[UUID]:
        """Committed when it returns. Where `finish` never follows, whoever did it ended meanwhile: it may be done."""
        ids = [new_id() for _ in messages]
        facts = ([getattr(each, fact) for each in messages] for fact in ("queue", "id", "type", "subject", "version"))
        await self._database.execute(_BEGIN, account.operator, action, account.reason, ids, *facts)
        return ids

    async def finish(self, ids: Iterable[UUID]) -> None:
        await self._database.execute(_FINISH, list(ids))

    async def newest(self, queues: Sequence[Queue], limit: int) -> list[dict[str, Any]]:
        return await self._database.fetch(_NEWEST, [queue.name for queue in queues], limit)


@asynccontextmanager
async def action_log(addresses: Addresses, service: str) -> AsyncIterator[ActionLog]:
    async with database(addresses[f"{service.upper()}_DATABASE_URL"]) as found:
        yield ActionLog(found)


def consumer_of(queue: Queue) -> str:
    """A queue is named for the service that reads it."""
    return queue.name.partition(".")[0]


async def history(addresses: Addresses, queues: Sequence[Queue], limit: int) -> list[dict[str, Any]]:
    """The newest operator actions of all services, newest first."""
    found: list[dict[str, Any]] = []
    for service in sorted({consumer_of(queue) for queue in queues}):
        async with action_log(addresses, service) as record:
            found += await record.newest(queues, limit)
    return sorted(found, key=itemgetter("at", "id"), reverse=True)[:limit]
