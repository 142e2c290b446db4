"""Erasing what still names a deleted user. Any number of workers may do this at once.

An order that is final keeps what bookkeeping needs: its lines, its money, its history, and the id of somebody whom
nobody can name any more. One that is still open keeps its address until it is final, or it could not be delivered.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Text, Uuid, bindparam, text

from libs.database.database import Database, Transaction
from libs.privacy.erasure_schedule import NEXT_ERASURE_SQL
from libs.process.failpoints import failpoint
from order_service.domain.actor import DELETED_USER_NAME, ERASURE
from order_service.models.orders import FINAL_STATUSES
from order_service.notifications.email import EmailStatus

BATCH_SIZE: Final = 100

_IDS = bindparam("ids", type_=ARRAY(Uuid))
# Whom another worker has in hand is left to it.
DUE = text("""
    SELECT id FROM users WHERE erase_at <= clock_timestamp() AND deleted_at IS NOT NULL
    ORDER BY erase_at LIMIT :limit FOR UPDATE SKIP LOCKED
""").bindparams(bindparam("limit", type_=Integer))
# A tag covers all that is shown, so this is a version of its own. What somebody is just changing comes another time.
ERASE_ORDERS = text(f"""
    WITH due AS (
        SELECT id FROM orders
        WHERE user_id = ANY (:ids) AND status IN ({FINAL_STATUSES})
          AND (username <> :nobody OR num_nonnulls(delivery_address, comment) > 0)
        ORDER BY id FOR UPDATE SKIP LOCKED
    ), erased AS (
        UPDATE orders
        SET username = :nobody, delivery_address = NULL, comment = NULL,
            version = version + 1, updated_at = clock_timestamp()
        FROM due WHERE orders.id = due.id
        RETURNING orders.id, orders.version, orders.status, orders.updated_at
    )
    INSERT INTO order_history (order_id, version, at, actor, from_status, to_status, reason)
    SELECT id, version, updated_at, :erasure, status, status, 'personal data erased' FROM erased
""").bindparams(  # noqa: S608 - made of constants
    _IDS, bindparam("nobody", DELETED_USER_NAME, type_=Text), bindparam("erasure", ERASURE, type_=Text)
)
# A worker that is just sending one finds that it is settled.
ERASE_EMAILS = text("""
    UPDATE emails
    SET currency = NULL, lines = NULL, due_at = NULL, reason = NULL,
        status = CASE status WHEN :waiting THEN :unaddressed ELSE status END,
        settled_at = coalesce(settled_at, clock_timestamp())
    WHERE order_id IN (SELECT id FROM orders WHERE user_id = ANY (:ids)) AND (status = :waiting OR reason IS NOT NULL)
""").bindparams(
    _IDS,
    bindparam("waiting", EmailStatus.WAITING.value, type_=Text),
    bindparam("unaddressed", EmailStatus.UNADDRESSED.value, type_=Text),
)
ERASE_CARTS = text("DELETE FROM carts WHERE user_id = ANY (:ids)").bindparams(_IDS)
ERASE_ANSWERS = text("DELETE FROM idempotency_keys WHERE user_id = ANY (:ids)").bindparams(_IDS)
# With their deliveries and what receivers answered.
ERASE_WEBHOOK_EVENTS = text("""
    DELETE FROM webhook_events WHERE subject = ANY (:ids) AND type IN ('user.created', 'user.updated')
""").bindparams(_IDS)
RESCHEDULE = text(f"""
    UPDATE users
    SET erase_at = CASE WHEN EXISTS (
        SELECT FROM orders
        WHERE user_id = users.id AND (username <> :nobody OR num_nonnulls(delivery_address, comment) > 0)
    ) THEN clock_timestamp() + interval '5 minutes' ELSE {NEXT_ERASURE_SQL} END
    WHERE id = ANY (:ids)
""").bindparams(_IDS, bindparam("nobody", DELETED_USER_NAME, type_=Text))  # noqa: S608 - made of constants


async def erase_due(transactions: Database) -> None:
    """For a timer."""
    while await _erase_some(transactions) == BATCH_SIZE:
        pass


async def _erase_some(transactions: Database) -> int:
    async with transactions.transaction() as transaction:
        ids = [row.id for row in await transaction.fetch_all(DUE, {"limit": BATCH_SIZE})]
        if ids:
            await _erase(transaction, ids)
            failpoint("erasure.half")
            await transaction.execute(RESCHEDULE, {"ids": ids})
        return len(ids)


async def _erase(transaction: Transaction, ids: Sequence[UUID]) -> None:
    for statement in (ERASE_ORDERS, ERASE_EMAILS, ERASE_CARTS, ERASE_ANSWERS, ERASE_WEBHOOK_EVENTS):
        await transaction.execute(statement, {"ids": ids})
