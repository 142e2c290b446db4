"""Payments in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Integer, Text, Uuid, bindparam, insert, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from libs.database.arrays import any_array
from libs.database.database import Transaction
from libs.database.executor import Row
from order_service.domain.payment import Payment, PaymentStatus, pause_after
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
DUE = text("""
    SELECT id, attempts FROM payments WHERE due_at <= :now ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
""").bindparams(bindparam("now", type_=DateTime(timezone=True)), bindparam("limit", type_=Integer))
DEFER = update(payments).where(payments.c.id == bindparam("put_off_id", type_=Uuid))
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

    async def due(self, now: datetime, limit: int) -> Sequence[UUID]:
        rows = await self._transaction.fetch_all(DUE, {"now": now, "limit": limit})
        for row in rows:
            changes = {"attempts": row.attempts + 1, "due_at": now + pause_after(row.attempts)}
            await self._transaction.execute(DEFER, {"put_off_id": row.id, **changes})
        return [row.id for row in rows]


class SqlProcessedCallbacks:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def has(self, message_id: str) -> bool:
        return await self._transaction.fetch_one(SEEN, {"id": message_id}) is not None

    async def add(self, message_id: str, now: datetime) -> None:
        await self._transaction.execute(REMEMBER, {"id": message_id, "received_at": now})


def _payment(row: Row) -> Payment:
    return Payment(**{**row, "status": PaymentStatus(row["status"])})
