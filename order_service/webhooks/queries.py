"""Webhooks and their deliveries as rows, for showing. Secrets are never read here."""

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from libs.database.query import CompiledQuery, Reader, Row
from order_service.webhooks.delivery import DeliveryFilter
from order_service.webhooks.exceptions import DeliveryNotFound, WebhookNotFound
from order_service.webhooks.tables import webhook_attempts, webhook_deliveries, webhook_events, webhooks

MOST_ATTEMPTS = 100

_WEBHOOK = select(
    webhooks.c.id,
    webhooks.c.url,
    webhooks.c.types,
    webhooks.c.description,
    webhooks.c.is_active,
    webhooks.c.disabled_reason,
    webhooks.c.failing_since,
    webhooks.c.version,
    webhooks.c.created_at,
    webhooks.c.updated_at,
).where(webhooks.c.deleted_at.is_(None))
_LIMIT = bindparam("limit", type_=BigInteger)
_AFTER = bindparam("after", type_=Uuid)

ONE = CompiledQuery(_WEBHOOK.where(webhooks.c.id == bindparam("id", type_=Uuid)))
FIRST = CompiledQuery(_WEBHOOK.order_by(webhooks.c.id.desc()).limit(_LIMIT))
NEXT = CompiledQuery(_WEBHOOK.where(webhooks.c.id < _AFTER).order_by(webhooks.c.id.desc()).limit(_LIMIT))
COUNT = CompiledQuery(select(func.count()).select_from(webhooks).where(webhooks.c.deleted_at.is_(None)))

_DELIVERY = select(
    webhook_deliveries.c.id,
    webhook_deliveries.c.webhook_id,
    webhook_deliveries.c.event_id,
    webhook_deliveries.c.type,
    webhook_events.c.subject,
    webhook_deliveries.c.status,
    webhook_deliveries.c.attempts.label("attempt_count"),
    # What is being sent has an attempt now, and is due again only if that comes to no end.
    case((webhook_deliveries.c.claim.is_(None), webhook_deliveries.c.due_at), else_=null()).label("next_attempt_at"),
    webhook_deliveries.c.version,
    webhook_deliveries.c.created_at,
    webhook_deliveries.c.settled_at,
).join_from(webhook_deliveries, webhook_events)
_OF_WEBHOOK = webhook_deliveries.c.webhook_id == bindparam("webhook_id", type_=Uuid)

_ATTEMPT = (
    select(
        webhook_attempts.c.number,
        webhook_attempts.c.at,
        webhook_attempts.c.status_code,
        webhook_attempts.c.seconds,
        webhook_attempts.c.error,
        webhook_attempts.c.response,
    )
    .where(webhook_attempts.c.delivery_id == webhook_deliveries.c.id)
    .order_by(webhook_attempts.c.number.desc())
    .limit(MOST_ATTEMPTS)
    .correlate(webhook_deliveries)
    .subquery()
)
# In one statement, or an attempt may be over between two.
_ATTEMPTS = select(
    func.coalesce(
        func.jsonb_agg(aggregate_order_by(func.to_jsonb(_ATTEMPT.table_valued()), _ATTEMPT.c.number.desc())),
        cast(literal_column("'[]'"), JSONB),
    )
).scalar_subquery()
DELIVERY = CompiledQuery(
    _DELIVERY.add_columns(webhook_events.c.body, _ATTEMPTS.label("attempts")).where(
        _OF_WEBHOOK, webhook_deliveries.c.id == bindparam("id", type_=Uuid)
    )
)

_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "status": webhook_deliveries.c.status == bindparam("status", type_=Text),
    "type": webhook_deliveries.c.type == bindparam("type", type_=Text),
    "after": webhook_deliveries.c.id < _AFTER,
}


def _conditions(given: frozenset[str]) -> ColumnElement[bool]:
    return and_(_OF_WEBHOOK, *(condition for name, condition in _CONDITIONS.items() if name in given))


@lru_cache
def _page(given: frozenset[str]) -> CompiledQuery:
    return CompiledQuery(_DELIVERY.where(_conditions(given)).order_by(webhook_deliveries.c.id.desc()).limit(_LIMIT))


@lru_cache
def _count(given: frozenset[str]) -> CompiledQuery:
    return CompiledQuery(select(func.count()).select_from(webhook_deliveries).where(_conditions(given)))


class SqlWebhookReads:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def one(self, webhook_id: UUID) -> Row:
        row = await self._reader.fetch_one(ONE, id=webhook_id)
        if row is None:
            raise WebhookNotFound(f"There is no webhook {webhook_id}.")
        return row

    async def page(self, limit: int, after: UUID | None) -> Sequence[Row]:
        if after is None:
            return await self._reader.fetch_all(FIRST, limit=limit)
        return await self._reader.fetch_all(NEXT, limit=limit, after=after)

    async def count(self) -> int:
        found: int = await self._reader.fetch_value(COUNT)
        return found

    async def delivery(self, webhook_id: UUID, delivery_id: UUID) -> Row:
        await self.one(webhook_id)
        row = await self._reader.fetch_one(DELIVERY, webhook_id=webhook_id, id=delivery_id)
        if row is None:
            raise DeliveryNotFound(f"The webhook has no delivery {delivery_id}.")
        return row

    async def deliveries(self, wanted: DeliveryFilter, limit: int, after: UUID | None) -> Sequence[Row]:
        await self.one(wanted.webhook_id)
        given = _given(wanted) if after is None else {**_given(wanted), "after": after}
        return await self._reader.fetch_all(_page(frozenset(given)), webhook_id=wanted.webhook_id, limit=limit, **given)

    async def count_deliveries(self, wanted: DeliveryFilter) -> int:
        given = _given(wanted)
        found: int = await self._reader.fetch_value(_count(frozenset(given)), webhook_id=wanted.webhook_id, **given)
        return found


def _given(wanted: DeliveryFilter) -> dict[str, object]:
    return {name: value for name in ("status", "type") if (value := getattr(wanted, name)) is not None}
