"""Webhooks in PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, insert, select, text, update

from libs.database.database import Transaction
from libs.database.executor import Row
from order_service.webhooks.exceptions import TooManyWebhooks, WebhookNotFound
from order_service.webhooks.tables import webhooks
from order_service.webhooks.webhook import MAX_WEBHOOKS, Secret, Subscription, Webhook

# Who counts them waits for who has counted before and may add one.
LOCK = text("SELECT pg_advisory_xact_lock(hashtext('webhooks'))")
ADD = insert(webhooks)
COUNT = select(func.count()).select_from(webhooks).where(webhooks.c.deleted_at.is_(None))
_THIS = (webhooks.c.id == bindparam("webhook_id", type_=Uuid), webhooks.c.deleted_at.is_(None))
# Who notes a delivery for it need not wait.
FOR_CHANGE = select(webhooks).where(*_THIS).with_for_update(key_share=True)
SAVE = update(webhooks).where(*_THIS)
RECORD_SUCCESS = (
    update(webhooks).where(*_THIS, webhooks.c.failing_since.is_not(None)).values(failing_since=None, failures=0)
)
SUBSCRIPTIONS = select(webhooks.c.id, webhooks.c.subscribed_since).where(webhooks.c.is_active)


class SqlWebhooks:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, webhook: Webhook) -> None:
        await self._transaction.execute(LOCK)
        if await self._transaction.fetch_value(COUNT) >= MAX_WEBHOOKS:
            raise TooManyWebhooks(f"There may be {MAX_WEBHOOKS} of them; delete one that is not needed.")
        await self._transaction.execute(ADD, {"id": webhook.id, **_row(webhook)})

    async def for_change(self, webhook_id: UUID) -> Webhook:
        row = await self._transaction.fetch_one(FOR_CHANGE, {"webhook_id": webhook_id})
        if row is None:
            raise WebhookNotFound(f"There is no webhook {webhook_id}.")
        return _webhook(row)

    async def save(self, webhook: Webhook) -> None:
        await self._transaction.execute(SAVE, {"webhook_id": webhook.id, **_row(webhook)})

    async def remove(self, webhook_id: UUID, now: datetime) -> None:
        gone = {"deleted_at": now, "is_active": False, "secrets": []}
        await self._transaction.execute(SAVE, {"webhook_id": webhook_id, **gone})

    async def subscriptions(self) -> Sequence[Subscription]:
        rows = await self._transaction.fetch_all(SUBSCRIPTIONS)
        return [Subscription(row.id, _moments(row.subscribed_since)) for row in rows]

    async def record_success(self, webhook_id: UUID) -> None:
        await self._transaction.execute(RECORD_SUCCESS, {"webhook_id": webhook_id})


def secrets_of(column: Sequence[dict[str, Any]]) -> tuple[Secret, ...]:
    return tuple(
        Secret(each["value"], None if each["until"] is None else datetime.fromisoformat(each["until"]))
        for each in column
    )


def _webhook(row: Row) -> Webhook:
    known = {name: value for name, value in row.items() if name != "deleted_at"}
    return Webhook(
        **{
            **known,
            "types": tuple(row["types"]),
            "secrets": secrets_of(row["secrets"]),
            "subscribed_since": _moments(row["subscribed_since"]),
        }
    )


def _moments(column: Mapping[str, str]) -> dict[str, datetime]:
    return {name: datetime.fromisoformat(moment) for name, moment in column.items()}


def _row(webhook: Webhook) -> dict[str, Any]:
    return {
        "url": webhook.url,
        "types": list(webhook.types),
        "description": webhook.description,
        "is_active": webhook.is_active,
        "secrets": [
            {"value": secret.value, "until": None if secret.until is None else secret.until.isoformat()}
            for secret in webhook.secrets
        ],
        "subscribed_since": {each: since.isoformat() for each, since in webhook.subscribed_since.items()},
        "disabled_reason": webhook.disabled_reason,
        "failing_since": webhook.failing_since,
        "failures": webhook.failures,
        "version": webhook.version,
        "created_at": webhook.created_at,
        "updated_at": webhook.updated_at,
    }
