"""Payments in PostgreSQL."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Text, Uuid, bindparam, insert, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from libs.database.arrays import any_array
from libs.database.database import Transaction
from libs.database.executor import Row
from libs.jobs import claim_sql
from order_service.domain.payment import POLL_BACKOFF, Payment, PaymentStatus
from order_service.models.payments import THE_ONE_TO_TELL_OF, payments, provider_messages

OF_ORDERS = (
    select(payments)
    .ext(distinct_on(payments.c.order_id))
    .where(payments.c.order_id == any_array("order_ids", Uuid))
    .order_by(payments.c.order_id, *THE_ONE_TO_TELL_OF)
)
ADD = insert(payments)
FIND = select(payments).where(payments.c.id == bindparam("id", type_=Uuid))
SAVE = update(payments).where(payments.c.id == bindparam("saved_id", type_=Uuid))
CLAIM = text(
    claim_sql(
        "payments",
        ("id",),
        due_at=f":now + {POLL_BACKOFF.sql('job.attempts + 1')}",
        changes="attempts = job.attempts + 1",
        returning="job.id",
    )
).bindparams(bindparam("now", type_=DateTime(timezone=True)))
SEEN = select(provider_messages.c.id).where(provider_messages.c.id == bindparam("id", type_=Text))
REMEMBER = upsert(provider_messages).on_conflict_do_nothing()


class SqlPayments:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, payment: Payment) -> None:
        await self._transaction.execute(ADD, asdict(payment))

    async def save(self, payment: Payment) -> None:
        row = asdict(payment)
        await self._transaction.execute(SAVE, {"saved_id": row.pop("id"), **row})

    async def find(self, payment_id: UUID) -> Payment | None:
        row = await self._transaction.fetch_one(FIND, {"id": payment_id})
        return None if row is None else _payment(row)

    async def of(self, order_ids: Collection[UUID]) -> Mapping[UUID, Payment]:
        """Of each order that has any, the one to tell of."""
        rows = await self._transaction.fetch_all(OF_ORDERS, {"order_ids": list(order_ids)})
        return {row["order_id"]: _payment(row) for row in rows}

    async def claim(self, now: datetime) -> UUID | None:
        row = await self._transaction.fetch_one(CLAIM, {"now": now})
        return None if row is None else row.id


class SqlProcessedCallbacks:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def has(self, message_id: str) -> bool:
        return await self._transaction.fetch_one(SEEN, {"id": message_id}) is not None

    async def add(self, message_id: str, now: datetime) -> None:
        await self._transaction.execute(REMEMBER, {"id": message_id, "received_at": now})


def _payment(row: Row) -> Payment:
    return Payment(**{**row, "status": PaymentStatus(row["status"])})
