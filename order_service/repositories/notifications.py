"""Notifications in PostgreSQL."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, Text, Uuid, bindparam, text, update

from libs.database.arrays import arrays
from libs.database.database import Transaction
from libs.database.executor import Row
from libs.observability.context import trace_context_of
from order_service.domain.notices import Delivery, Letter, Mail, News
from order_service.domain.status import Status
from order_service.models.notifications import notifications

# The newest change of status is looked for, because an order may also change otherwise, and twice in one transaction.
NEWS = text("""
    SELECT told.order_id, told.version AS told_version,
           change.version, change.to_status, change.from_status, change.reason,
           CASE WHEN NOT EXISTS (
               SELECT FROM order_history AS later
               WHERE later.order_id = orders.id AND later.version > change.version
                 AND later.from_status IS DISTINCT FROM later.to_status
           ) THEN orders.reserved_until END AS pay_until,
           EXISTS (
               SELECT FROM notifications
               WHERE notifications.order_id = orders.id AND notifications.order_version = change.version
           ) AS is_told,
           users.id IS NOT NULL AS is_customer_known, users.username
    FROM unnest(:order_ids, :versions) AS told (order_id, version)
    JOIN orders ON orders.id = told.order_id
    CROSS JOIN LATERAL (
        SELECT * FROM order_history AS entry
        WHERE entry.order_id = told.order_id AND entry.version <= told.version
          AND entry.from_status IS DISTINCT FROM entry.to_status
        ORDER BY entry.version DESC LIMIT 1
    ) AS change
    LEFT JOIN users ON users.id = orders.user_id
""").bindparams(bindparam("order_ids", type_=ARRAY(Uuid)), bindparam("versions", type_=ARRAY(BigInteger)))

# Whoever adds several adds them in this order, and so their orders' rows are looked at in it: nobody waits for somebody
# who waits for them.
ADD = text("""
    INSERT INTO notifications (order_id, order_version, order_status, traceparent, written_at,
                               subject, text, html, delivery, due_at, settled_at)
    SELECT order_id, version, status, traceparent, :now, subject, text, html,
           CASE WHEN subject IS NULL THEN :unaddressed ELSE :waiting END,
           CASE WHEN subject IS NOT NULL THEN :now END, CASE WHEN subject IS NULL THEN :now END
    FROM unnest(:order_ids, :versions, :statuses, :traceparents, :subjects, :texts, :htmls)
         AS letter (order_id, version, status, traceparent, subject, text, html)
    ORDER BY order_id, version
    ON CONFLICT DO NOTHING
""").bindparams(
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("waiting", Delivery.WAITING.value, type_=Text),
    bindparam("unaddressed", Delivery.UNADDRESSED.value, type_=Text),
    *arrays(
        order_ids=Uuid, versions=BigInteger, statuses=Text, traceparents=Text, subjects=Text, texts=Text, htmls=Text
    ),
)

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
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def news(self, versions: Collection[tuple[UUID, int]]) -> Mapping[tuple[UUID, int], News]:
        told = {"order_ids": [order_id for order_id, _ in versions], "versions": [version for _, version in versions]}
        return {(row.order_id, row.told_version): _news(row) for row in await self._transaction.fetch_all(NEWS, told)}

    async def add(self, letters: Mapping[News, Letter | None], now: datetime) -> None:
        columns = {
            "order_ids": [news.order_id for news in letters],
            "versions": [news.version for news in letters],
            "statuses": [news.status for news in letters],
            "traceparents": [trace_context_of(news.order_id, news.version).traceparent for news in letters],
            "subjects": [None if letter is None else letter.subject for letter in letters.values()],
            "texts": [None if letter is None else letter.text for letter in letters.values()],
            "htmls": [None if letter is None else letter.html for letter in letters.values()],
        }
        await self._transaction.execute(ADD, {"now": now, **columns})

    async def claim(self, now: datetime, until: datetime) -> Mail | None:
        row = await self._transaction.fetch_one(CLAIM, {"now": now, "until": until})
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
        await self._transaction.execute(SAVE, {"of_order": mail.order_id, "of_version": mail.version, **changes})


def _news(row: Row) -> News:
    return News(
        order_id=row.order_id,
        version=row.version,
        status=Status(row.to_status),
        before=None if row.from_status is None else Status(row.from_status),
        reason=row.reason,
        pay_until=row.pay_until,
        is_told=row.is_told,
        is_customer_known=row.is_customer_known,
        username=row.username,
    )
