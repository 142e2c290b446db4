"""E-mails about orders in PostgreSQL."""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Text, Uuid, bindparam, text, update

from libs.database.arrays import arrays
from libs.database.database import Transaction
from libs.database.executor import Row
from libs.jobs import claim_sql
from libs.observability.context import trace_context_of
from order_service.domain.order import Order
from order_service.domain.products import Line, PricedItems
from order_service.domain.status import Status
from order_service.notifications.email import Email, EmailStatus, StatusChange, status_changes
from order_service.notifications.tables import emails

_MOMENT = DateTime(timezone=True)

EMAIL_COLUMNS = arrays(
    email_order_ids=Uuid,
    email_versions=BigInteger,
    email_currencies=Text,
    email_lines=Text,
    email_traceparents=Text,
    email_moments=_MOMENT,
)
# A part of the statements that store orders, so that e-mails cost no round trip. The subquery hides from PostgreSQL how
# many there are: it would plan each time anew (see `any_array`).
ENQUEUE = """
    INSERT INTO emails (order_id, order_version, currency, lines, traceparent, created_at, due_at)
    SELECT order_id, version, currency, lines::jsonb, traceparent, moment, moment
    FROM unnest((SELECT :email_order_ids), :email_versions, :email_currencies, :email_lines, :email_traceparents,
                :email_moments)
         AS email (order_id, version, currency, lines, traceparent, moment)
"""

# Of one order's e-mails the next is sent when the one before is settled, so that they arrive in order.
CLAIM = text(
    claim_sql(
        "emails",
        ("order_id", "order_version"),
        ready="""NOT EXISTS (
            SELECT FROM emails AS earlier
            WHERE earlier.order_id = due.order_id AND earlier.order_version < due.order_version
              AND earlier.due_at IS NOT NULL
        )""",
        due_at=":until",
        joins="""
            JOIN orders ON orders.id = next.order_id
            JOIN order_history AS change ON change.order_id = next.order_id AND change.version = next.order_version
            LEFT JOIN users ON users.id = orders.user_id
        """,
        returning="""
            job.order_id, job.order_version, job.currency, job.lines, job.created_at, job.attempts, job.traceparent,
            change.to_status, change.from_status, change.reason,
            CASE WHEN NOT EXISTS (
                SELECT FROM order_history AS later
                WHERE later.order_id = orders.id AND later.version > change.version
                  AND later.from_status IS DISTINCT FROM later.to_status
            ) THEN orders.reserved_until END AS pay_until,
            users.id IS NOT NULL AS is_customer_known, users.username, users.email
        """,
    )
).bindparams(bindparam("now", type_=_MOMENT), bindparam("until", type_=_MOMENT))

# A worker that comes back after its lease ran out must not undo what another has settled meanwhile.
SAVE = update(emails).where(
    emails.c.order_id == bindparam("of_order", type_=Uuid),
    emails.c.order_version == bindparam("of_version", type_=BigInteger),
    emails.c.status == bindparam("waiting", EmailStatus.WAITING.value, type_=Text),
)


class SqlEmails:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def claim(self, now: datetime, until: datetime) -> Email | None:
        row = await self._transaction.fetch_one(CLAIM, {"now": now, "until": until})
        return None if row is None else _email(row)

    async def defer(self, email: Email, until: datetime, reason: str) -> None:
        await self._save(email, due_at=until, attempts=email.attempts + 1, reason=reason)

    async def release(self, email: Email, until: datetime) -> None:
        await self._save(email, due_at=until)

    async def settle(self, email: Email, status: EmailStatus, reason: str | None, now: datetime) -> None:
        await self._save(email, status=status, reason=reason, settled_at=now, due_at=None, currency=None, lines=None)

    async def _save(self, email: Email, **changes: object) -> None:
        key = {"of_order": email.change.order_id, "of_version": email.change.version}
        await self._transaction.execute(SAVE, {**key, **changes})


def enqueued(orders: Sequence[Order]) -> dict[str, Sequence[object]]:
    """The arguments of `ENQUEUE`: of each change of status of these orders."""
    changes = [change for order in orders for change in status_changes(order)]
    return {
        "email_order_ids": [change.order_id for change in changes],
        "email_versions": [change.version for change in changes],
        "email_currencies": [change.items.currency for change in changes],
        "email_lines": [_dumped(change.items.lines) for change in changes],
        "email_traceparents": [trace_context_of(change.order_id, change.version).traceparent for change in changes],
        "email_moments": [change.at for change in changes],
    }


def _dumped(lines: Sequence[Line]) -> str:
    return json.dumps([[str(line.product_id), line.name, str(line.unit_price), line.quantity] for line in lines])


def _email(row: Row) -> Email:
    lines = tuple(
        Line(UUID(product_id), name, Decimal(unit_price), quantity)
        for product_id, name, unit_price, quantity in row.lines
    )
    return Email(
        change=StatusChange(row.order_id, row.order_version, row.created_at, PricedItems(lines, row.currency)),
        status=Status(row.to_status),
        previous_status=None if row.from_status is None else Status(row.from_status),
        reason=row.reason,
        pay_until=row.pay_until,
        is_customer_known=row.is_customer_known,
        username=row.username,
        address=row.email,
        attempts=row.attempts,
        traceparent=row.traceparent,
    )
