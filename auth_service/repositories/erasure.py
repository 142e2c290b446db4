"""Erasing what still names a deleted user. Any number of workers may do this at once.

That a user was deleted is no personal data: that event is kept, and told again to whoever asks.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Uuid, bindparam, text

from libs.database.database import Database
from libs.privacy.erasure_schedule import NEXT_ERASURE_SQL
from libs.process.failpoints import failpoint

BATCH_SIZE = 100

_IDS = bindparam("ids", type_=ARRAY(Uuid))
# Whom another worker has in hand is left to it.
DUE = text("""
    SELECT id FROM deleted_users WHERE erase_at <= clock_timestamp()
    ORDER BY erase_at LIMIT :limit FOR UPDATE SKIP LOCKED
""").bindparams(bindparam("limit", type_=Integer))
_NAMES_THEM = "aggregate = 'user' AND aggregate_id = ANY (:ids) AND type <> 'user.deleted'"
# What a relay is just publishing is not waited for: it will have been sent.
ERASE_WAITING = text(f"""
    DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE {_NAMES_THEM} FOR UPDATE SKIP LOCKED)
""").bindparams(_IDS)  # noqa: S608 - made of constants
STILL_WAITING = text(f"SELECT DISTINCT aggregate_id FROM outbox WHERE {_NAMES_THEM}").bindparams(_IDS)  # noqa: S608
ERASE_SENT = text(f"DELETE FROM outbox_sent WHERE {_NAMES_THEM}").bindparams(_IDS)  # noqa: S608
RESCHEDULE = text(f"""
    UPDATE deleted_users
    SET erase_at = CASE WHEN id = ANY (:busy) THEN clock_timestamp() + interval '5 seconds' ELSE {NEXT_ERASURE_SQL} END
    WHERE id = ANY (:ids)
""").bindparams(_IDS, bindparam("busy", type_=ARRAY(Uuid)))  # noqa: S608
PENDING = text("SELECT EXISTS (SELECT FROM deleted_users WHERE erase_at IS NOT NULL)")
DELETED_AMONG = text("SELECT id FROM deleted_users WHERE id = ANY (:ids)").bindparams(_IDS)


async def erase_due(transactions: Database) -> None:
    """For a timer."""
    while await _erase_some(transactions) == BATCH_SIZE:
        pass


async def _erase_some(transactions: Database) -> int:
    async with transactions.transaction() as transaction:
        ids = [row.id for row in await transaction.fetch_all(DUE, {"limit": BATCH_SIZE})]
        if ids:
            await transaction.execute(ERASE_WAITING, {"ids": ids})
            # Looked at before what was sent: nothing can move from the one to the other unseen.
            busy = [row.aggregate_id for row in await transaction.fetch_all(STILL_WAITING, {"ids": ids})]
            await transaction.execute(ERASE_SENT, {"ids": ids})
            failpoint("erasure.half")
            await transaction.execute(RESCHEDULE, {"ids": ids, "busy": busy})
        return len(ids)


async def has_pending_erasures(transactions: Database) -> bool:
    return bool(await transactions.fetch_value(PENDING))


async def deleted_users_among(transactions: Database, ids: Collection[UUID]) -> Collection[UUID]:
    """Those of the ids that are of deleted users."""
    return {row.id for row in await transactions.fetch_all(DELETED_AMONG, {"ids": list(ids)})}
