"""Erasing what still names a deleted user. Any number of workers may do this at once.

That a user was deleted is no personal data: that event is kept, and told again to whoever asks.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Uuid, bindparam, text

from libs.database.database import Database
from libs.privacy.erasure_schedule import NEXT_ERASURE_SQL
from libs.process.failpoints import failpoint

AT_ONCE = 100

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
LOOK_AGAIN = text(f"""
    UPDATE deleted_users
    SET erase_at = CASE WHEN id = ANY (:busy) THEN clock_timestamp() + interval '5 seconds' ELSE {NEXT_ERASURE_SQL} END
    WHERE id = ANY (:ids)
""").bindparams(_IDS, bindparam("busy", type_=ARRAY(Uuid)))  # noqa: S608
LOOKED_FOR = text("SELECT EXISTS (SELECT FROM deleted_users WHERE erase_at IS NOT NULL)")
GONE = text("SELECT id FROM deleted_users WHERE id = ANY (:ids)").bindparams(_IDS)


async def erase_due(transactions: Database) -> None:
    """For a timer."""
    while await _erase_some(transactions) == AT_ONCE:
        pass


async def _erase_some(transactions: Database) -> int:
    async with transactions.transaction() as transaction:
        ids = [row.id for row in await transaction.fetch_all(DUE, {"limit": AT_ONCE})]
        if ids:
            await transaction.execute(ERASE_WAITING, {"ids": ids})
            # Looked at before what was sent: nothing can move from the one to the other unseen.
            busy = [row.aggregate_id for row in await transaction.fetch_all(STILL_WAITING, {"ids": ids})]
            await transaction.execute(ERASE_SENT, {"ids": ids})
            failpoint("erasure.half")
            await transaction.execute(LOOK_AGAIN, {"ids": ids, "busy": busy})
        return len(ids)


async def is_anybody_looked_for(transactions: Database) -> bool:
    return bool(await transactions.fetch_value(LOOKED_FOR))


async def gone(transactions: Database, ids: Collection[UUID]) -> Collection[UUID]:
    """Those of the ids that are of deleted users."""
    return {row.id for row in await transactions.fetch_all(GONE, {"ids": list(ids)})}
