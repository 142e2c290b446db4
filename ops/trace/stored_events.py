"""What the databases keep of an order or a request: events and, of orders, what became of money, stock and mails."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from ops.verify.databases import Databases

EVENTS: Final = """
    WITH told AS (
        SELECT event_id, type, aggregate, aggregate_id, version, created_at, attempts, queue,
               headers ->> 'correlation_id' AS request_id, NULL::timestamptz AS sent_at, last_error
        FROM outbox WHERE {found}
        UNION ALL
        SELECT event_id, type, aggregate, aggregate_id, version, created_at, attempts, queue,
               headers ->> 'correlation_id', sent_at, NULL
        FROM outbox_sent WHERE {found}
    )
    SELECT * FROM told ORDER BY created_at
"""
OF_AGGREGATE: Final = EVENTS.format(found="aggregate_id = $1::uuid")
OF_EVENT: Final = EVENTS.format(found="event_id = $1::uuid")
OF_REQUESTS: Final = EVENTS.format(found="headers ->> 'correlation_id' = ANY($1::text[])")

# Each beside the version of the order that it belongs to.
ORDER_ASIDES: Final = """
    SELECT at, version, concat_ws(' → ', nullif(from_status, to_status), to_status)
           || ' by ' || actor || coalesce(': ' || reason, '') AS what
    FROM order_history WHERE order_id = $1
    UNION ALL
    SELECT settled_at, order_version,
           'mail about ' || to_status || ' ' || emails.status || coalesce(': ' || emails.reason, '')
    FROM emails JOIN order_history USING (order_id)
    WHERE order_id = $1 AND version = order_version AND settled_at IS NOT NULL
    UNION ALL
    SELECT created_at, order_version, 'mail about ' || to_status || ' waits to be sent'
    FROM emails JOIN order_history USING (order_id)
    WHERE order_id = $1 AND version = order_version AND settled_at IS NULL
    UNION ALL
    SELECT updated_at, NULL, concat_ws(' ', 'payment of', amount, currency, status, provider_reference)
    FROM payments WHERE order_id = $1
    ORDER BY 1
"""
STOCK_ASIDES: Final = """
    SELECT at, NULL::bigint AS version, format('%s of product %s: %s', delta, product_id, reason) AS what
    FROM stock_ledger WHERE order_id = $1 ORDER BY at
"""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as its owner has it."""

    service: str
    event_id: UUID
    type: str
    subject: UUID
    version: int
    created_at: datetime
    sent_at: datetime | None
    attempts: int
    last_error: str | None
    queue: str
    request_id: str


@dataclass(frozen=True, slots=True)
class SideEntry:
    """Something beside the events. `version` is the order's, where it belongs to one."""

    service: str
    at: datetime
    version: int | None
    what: str


async def events(databases: Databases, query: str, argument: object) -> list[StoredEvent]:
    found = []
    for service, database in databases.items():
        found += [_told(service, row) for row in await database.fetch(query, argument)]
    return found


async def side_entries(databases: Databases, order_id: UUID) -> list[SideEntry]:
    found = []
    for service, query in (("order", ORDER_ASIDES), ("catalog", STOCK_ASIDES)):
        rows = await databases[service].fetch(query, order_id)
        found += [SideEntry(service, row["at"], row["version"], row["what"]) for row in rows]
    return found


def _told(service: str, row: asyncpg.Record) -> StoredEvent:
    return StoredEvent(
        service=service,
        event_id=row["event_id"],
        type=row["type"],
        subject=row["aggregate_id"],
        version=row["version"],
        created_at=row["created_at"],
        sent_at=row["sent_at"],
        attempts=row["attempts"],
        last_error=row["last_error"],
        queue=row["queue"],
        request_id=row["request_id"] or "-",
    )
