"""Notifications in PostgreSQL."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Text, Uuid, bindparam, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.process.context import traceparent
from order_service.domain.notices import Delivery, Letter, Mail, News
from order_service.domain.status import Status
from order_service.models.notifications import notifications

# The newest change of status is looked for, because an order may also change otherwise, and twice in one transaction.
NEWS = text("""
    SELECT change.version, change.to_status, change.from_status, change.reason,
           CASE WHEN NOT EXISTS (
               SELECT FROM order_history AS later
               WHERE later.order_id = orders.id AND later.version > change.version
                 AND later.from_status IS DISTINCT FROM later.to_status
           ) THEN orders.reserved_until END AS pay_until,
           EXISTS (
               SELECT FROM notifications AS told
               WHERE told.order_id = orders.id AND told.order_version = change.version
           ) AS is_told,
           users.id IS NOT NULL AS is_customer_known, users.username
    FROM orders
    CROSS JOIN LATERAL (
        SELECT * FROM order_history
        WHERE order_id = orders.id AND version <= :version AND from_status IS DISTINCT FROM to_status
        ORDER BY version DESC LIMIT 1
    ) AS change
    LEFT JOIN users ON users.id = orders.user_id
    WHERE orders.id = :order_id
""").bindparams(bindparam("order_id", type_=Uuid), bindparam("version", type_=BigInteger))

ADD = insert(notifications).on_conflict_do_nothing()

# Of one order's mails the next is posted when the one before is settled, so that they arrive as a story.
CLAIM = text("""
    WITH next AS (
        SELECT order_id, order_version FROM notifications AS due
        WHERE due_at <= :now AND NOT EXISTS (
            SELECT FROM notifications AS earlier
            WHERE earlier.order_id = due.order_id AND earlier.order_version < due.order_version
              AND earlier.due_at IS NOT NULL
        )
        ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE notifications AS mail SET due_at = :until
    FROM next JOIN orders ON orders.id = next.order_id LEFT JOIN users ON users.id = orders.user_id
    WHERE mail.order_id = next.order_id AND mail.order_version = next.order_version
    RETURNING mail.order_id, mail.order_version, mail.subject, mail.text, mail.html, mail.written_at, mail.attempts,
              mail.traceparent, users.email
""").bindparams(
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("until", type_=DateTime(timezone=True)),
)

# Whoever comes back after its claim ran out must not undo what another has settled meanwhile.
SAVE = update(notifications).where(
    notifications.c.order_id == bindparam("of_order", type_=Uuid),
    notifications.c.order_version == bindparam("of_version", type_=BigInteger),
    notifications.c.delivery == bindparam("waiting", Delivery.WAITING.value, type_=Text),
)


class SqlNotifications:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def news(self, order_id: UUID, version: int) -> News | None:
        row = (await self._connection.execute(NEWS, {"order_id": order_id, "version": version})).one_or_none()
        if row is None:
            return None
        return News(
            order_id=order_id,
            version=row.version,
            status=Status(row.to_status),
            before=None if row.from_status is None else Status(row.from_status),
            reason=row.reason,
            pay_until=row.pay_until,
            is_told=row.is_told,
            is_customer_known=row.is_customer_known,
            username=row.username,
        )

    async def add(self, news: News, letter: Letter | None, now: datetime) -> None:
        row = {
            "order_id": news.order_id,
            "order_version": news.version,
            "order_status": news.status,
            "written_at": now,
            "traceparent": traceparent.get(),
            **(_nobody(now) if letter is None else _waiting(letter, now)),
        }
        await self._connection.execute(ADD, row)

    async def claim(self, now: datetime, until: datetime) -> Mail | None:
        row = (await self._connection.execute(CLAIM, {"now": now, "until": until})).one_or_none()
        if row is None:
            return None
        return Mail(
            order_id=row.order_id,
            version=row.order_version,
            letter=Letter(row.subject, row.text, row.html),
            address=row.email,
            written_at=row.written_at,
            attempts=row.attempts,
            trace=row.traceparent,
        )

    async def put_off(self, mail: Mail, until: datetime, reason: str) -> None:
        await self._save(mail, due_at=until, attempts=mail.attempts + 1, reason=reason)

    async def give_back(self, mail: Mail, now: datetime) -> None:
        await self._save(mail, due_at=now)

    async def settle(self, mail: Mail, delivery: Delivery, reason: str | None, now: datetime) -> None:
        letter = {"subject": None, "text": None, "html": None}
        await self._save(mail, delivery=delivery, reason=reason, settled_at=now, due_at=None, **letter)

    async def _save(self, mail: Mail, **changes: object) -> None:
        await self._connection.execute(SAVE, {"of_order": mail.order_id, "of_version": mail.version, **changes})


def _waiting(letter: Letter, now: datetime) -> dict[str, object]:
    return {
        "delivery": Delivery.WAITING,
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
        "due_at": now,
        "settled_at": None,
    }


def _nobody(now: datetime) -> dict[str, object]:
    return {
        "delivery": Delivery.UNADDRESSED,
        "subject": None,
        "text": None,
        "html": None,
        "due_at": None,
        "settled_at": now,
    }
