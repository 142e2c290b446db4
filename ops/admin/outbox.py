"""What waits in the services' outboxes, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops.admin.addresses import Addresses
from ops.admin.database import database
from ops.stack.services import SERVICES, Service

# A relay takes what waits at once. What is older has a relay that does not run, or a broker that does not take it.
_LATE = 60.0
_WAITING = """
    SELECT count(*) AS pending, count(*) FILTER (WHERE attempts > 0) AS deferred,
           extract(epoch FROM clock_timestamp() - min(created_at))::float8 AS oldest_seconds
    FROM outbox
"""
_DEFERRED = """
    SELECT event_id, type, aggregate_id AS subject, version, queue, created_at, attempts, last_error, next_attempt_at
    FROM outbox WHERE attempts > 0 ORDER BY next_attempt_at, id LIMIT $1
"""


@dataclass(frozen=True, slots=True)
class DeferredEvent:
    event_id: str
    type: str
    subject: str
    version: int
    to: str
    """An exchange, or one queue alone."""
    created_at: datetime
    attempts: int
    last_error: str | None
    next_attempt_at: datetime


@dataclass(frozen=True, slots=True)
class Outbox:
    service: str
    pending: int
    oldest_seconds: float | None
    deferred: int
    rows: list[DeferredEvent]

    @property
    def needs_attention(self) -> bool:
        return self.deferred > 0 or (self.oldest_seconds or 0.0) > _LATE


async def outboxes(addresses: Addresses, limit: int) -> list[Outbox]:
    """With the rows that are tried again soonest."""
    return [await _outbox(service, addresses, limit) for service in SERVICES]


async def _outbox(service: Service, addresses: Addresses, limit: int) -> Outbox:
    async with database(addresses[service.database_variable]) as found:
        (waiting,) = await found.fetch(_WAITING)
        rows = [_deferred(service, row) for row in await found.fetch(_DEFERRED, limit)]
    return Outbox(service=service.name, rows=rows, **waiting)


def _deferred(service: Service, row: dict[str, Any]) -> DeferredEvent:
    to = row.pop("queue") or f"{service.name}.events"
    return DeferredEvent(**{**row, "event_id": str(row["event_id"]), "subject": str(row["subject"]), "to": to})
