"""Deliveries to webhooks in PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import DateTime, Integer, Uuid, bindparam, insert, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from libs.database.database import Transaction
from libs.process.ids import new_id
from order_service.webhooks.delivery import (
    AttemptResult,
    DeliveryAttempt,
    DeliveryBacklog,
    DeliveryStatus,
    WebhookEvent,
)
from order_service.webhooks.exceptions import DeliveryNotFound
from order_service.webhooks.repository import secrets_of
from order_service.webhooks.tables import webhook_attempts, webhook_deliveries, webhook_events

_MOMENT = DateTime(timezone=True)
_NOW = bindparam("now", type_=_MOMENT)

# The name and address of a deleted user are not sent to anybody any more.
PERSONAL_DATA_TYPES = frozenset({"user.created", "user.updated"})
IS_DELETED_USER = text("SELECT 1 FROM users WHERE id = :subject AND deleted_at IS NOT NULL").bindparams(
    bindparam("subject", type_=Uuid)
)
# What is there under this id, or is the same version, stays as it is.
ADD_EVENT = upsert(webhook_events).on_conflict_do_nothing().returning(webhook_events.c.id)
DUE = text("""
    SELECT webhooks.id, due.number
    FROM webhooks CROSS JOIN LATERAL (
        SELECT count(*) AS number FROM (
            SELECT FROM webhook_deliveries WHERE webhook_id = webhooks.id AND due_at <= :now LIMIT :at_most
        ) AS first
    ) AS due
    WHERE webhooks.is_active AND due.number > 0
""").bindparams(_NOW, bindparam("at_most", type_=Integer))
# What waits for a webhook that is switched off goes on waiting.
CLAIM = text("""
    WITH next AS (
        SELECT id FROM webhook_deliveries
        WHERE webhook_id = :webhook_id AND due_at <= :now ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE webhook_deliveries AS mine
    SET claim = :claim, due_at = :until, attempts = attempts + 1, version = mine.version + 1
    FROM next, webhooks, webhook_events
    WHERE mine.id = next.id AND webhook_events.id = mine.event_id
      AND webhooks.id = mine.webhook_id AND webhooks.is_active
    RETURNING mine.id, mine.event_id, mine.attempts, webhooks.url, webhooks.secrets, webhook_events.body
""").bindparams(
    _NOW,
    bindparam("webhook_id", type_=Uuid),
    bindparam("claim", type_=Uuid),
    bindparam("until", type_=_MOMENT),
).columns(secrets=JSONB)  # fmt: skip
ADD = insert(webhook_deliveries)
SETTLE = (
    update(webhook_deliveries)
    .where(
        webhook_deliveries.c.id == bindparam("delivery_id", type_=Uuid),
        webhook_deliveries.c.claim == bindparam("claimed_as", type_=Uuid),
    )
    .values(
        {name: bindparam(name) for name in ("status", "due_at", "settled_at")}
        | {"claim": None, "tries": webhook_deliveries.c.tries + 1, "version": webhook_deliveries.c.version + 1}
    )
)
ADD_ATTEMPT = insert(webhook_attempts)
TRIES = text("SELECT tries FROM webhook_deliveries WHERE id = :id").bindparams(bindparam("id", type_=Uuid))
# One that is being sent has a claim that has not run out, and keeps it.
RESEND = text("""
    UPDATE webhook_deliveries
    SET status = 'pending', tries = 0, settled_at = NULL, version = version + 1,
        due_at = CASE WHEN claim IS NOT NULL AND due_at > :now THEN due_at ELSE :now END,
        claim = CASE WHEN due_at > :now THEN claim END
    WHERE id = :id AND webhook_id = :webhook_id
""").bindparams(_NOW, bindparam("id", type_=Uuid), bindparam("webhook_id", type_=Uuid))
BACKLOG = text("""
    SELECT count(*) AS pending, coalesce(extract(epoch FROM :now - min(deliveries.created_at)), 0)::float8 AS oldest
    FROM webhook_deliveries AS deliveries JOIN webhooks ON webhooks.id = deliveries.webhook_id AND webhooks.is_active
    WHERE deliveries.due_at IS NOT NULL
""").bindparams(_NOW)
_OLD = (bindparam("before", type_=_MOMENT), bindparam("limit", type_=Integer))
DELETE_EXPIRED_EVENTS = text("""
    DELETE FROM webhook_events WHERE id IN (
        SELECT id FROM webhook_events WHERE received_at < :before ORDER BY received_at LIMIT :limit
        FOR UPDATE SKIP LOCKED
    )
""").bindparams(*_OLD)
DELETE_ORPHANED_DELIVERIES = text("""
    DELETE FROM webhook_deliveries WHERE id IN (
        SELECT deliveries.id FROM webhook_deliveries AS deliveries JOIN webhooks ON webhooks.id = webhook_id
        WHERE webhooks.deleted_at IS NOT NULL LIMIT :limit FOR UPDATE OF deliveries SKIP LOCKED
    )
""").bindparams(bindparam("limit", type_=Integer))
DELETE_REMOVED_WEBHOOKS = text("""
    DELETE FROM webhooks WHERE id IN (
        SELECT id FROM webhooks WHERE deleted_at < :before
        AND NOT EXISTS (SELECT FROM webhook_deliveries WHERE webhook_id = webhooks.id)
        LIMIT :limit FOR UPDATE SKIP LOCKED
    )
""").bindparams(*_OLD)


class SqlDeliveries:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, event: WebhookEvent, webhook_ids: Sequence[UUID], now: datetime) -> Sequence[UUID]:
        if event.type in PERSONAL_DATA_TYPES and await self._transaction.fetch_value(
            IS_DELETED_USER, {"subject": event.subject}
        ):
            return []
        row = {
            "id": event.id,
            "type": event.type,
            "subject": event.subject,
            "sequence": event.sequence,
            "body": event.body,
            "received_at": now,
        }
        if await self._transaction.fetch_one(ADD_EVENT, row) is None:
            return []
        ids = {new_id(): webhook_id for webhook_id in webhook_ids}
        rows = [
            {
                "id": delivery_id,
                "webhook_id": webhook_id,
                "event_id": event.id,
                "type": event.type,
                "status": DeliveryStatus.PENDING,
                "due_at": now,
                "created_at": now,
            }
            for delivery_id, webhook_id in ids.items()
        ]
        await self._transaction.execute_each(ADD, rows)
        return list(ids)

    async def due(self, now: datetime, at_most: int) -> Mapping[UUID, int]:
        rows = await self._transaction.fetch_all(DUE, {"now": now, "at_most": at_most})
        return {row.id: row.number for row in rows}

    async def claim(self, webhook_id: UUID, now: datetime, until: datetime) -> DeliveryAttempt | None:
        claim = uuid4()
        given = {"webhook_id": webhook_id, "now": now, "until": until, "claim": claim}
        row = await self._transaction.fetch_one(CLAIM, given)
        if row is None:
            return None
        return DeliveryAttempt(
            delivery_id=row.id,
            claim=claim,
            webhook_id=webhook_id,
            url=row.url,
            secrets=secrets_of(row.secrets),
            event_id=row.event_id,
            body=row.body,
            number=row.attempts,
        )

    async def failed_tries(self, attempt: DeliveryAttempt) -> int:
        # Where it is gone, nothing is settled either.
        return (await self._transaction.fetch_value(TRIES, {"id": attempt.delivery_id})) or 0

    async def settle(
        self,
        attempt: DeliveryAttempt,
        result: AttemptResult,
        status: DeliveryStatus,
        due_at: datetime | None,
        now: datetime,
    ) -> bool:
        mine = {"delivery_id": attempt.delivery_id, "claimed_as": attempt.claim}
        settled_at = None if status is DeliveryStatus.PENDING else now
        changes = {"status": status, "due_at": due_at, "settled_at": settled_at}
        if (await self._transaction.execute(SETTLE, {**mine, **changes})).rowcount == 0:
            return False
        row = {
            "delivery_id": attempt.delivery_id,
            "number": attempt.number,
            "at": now,
            "seconds": result.seconds,
            "status_code": result.status,
            "error": result.error,
            "response": result.body,
        }
        await self._transaction.execute(ADD_ATTEMPT, row)
        return True

    async def resend(self, webhook_id: UUID, delivery_id: UUID, now: datetime) -> None:
        this = {"id": delivery_id, "webhook_id": webhook_id, "now": now}
        if (await self._transaction.execute(RESEND, this)).rowcount == 0:
            raise DeliveryNotFound(f"The webhook has no delivery {delivery_id}.")

    async def backlog(self, now: datetime) -> DeliveryBacklog:
        row = await self._transaction.fetch_only(BACKLOG, {"now": now})
        return DeliveryBacklog(row.pending, row.oldest)

    async def delete_expired(self, before: datetime, limit: int) -> int:
        old = {"before": before, "limit": limit}
        events = await self._transaction.execute(DELETE_EXPIRED_EVENTS, old)
        deliveries = await self._transaction.execute(DELETE_ORPHANED_DELIVERIES, {"limit": limit})
        await self._transaction.execute(DELETE_REMOVED_WEBHOOKS, old)
        return max(events.rowcount, deliveries.rowcount)
