"""Idempotency keys in PostgreSQL. Each step is one statement that commits by itself; the server's clock counts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Integer, Interval, LargeBinary, SmallInteger, Text, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.database.reads import Query, Reader
from libs.database.together import Together
from libs.http.idempotency_keys import Answer, Claim, IdempotencyKeyReused, RequestInProgress
from libs.process.ids import new_id

LIFETIME = timedelta(hours=24)
LEASE = timedelta(seconds=15)
"""Longer than a request takes. One that takes longer does no harm: whoever takes its place makes the same thing."""
AT_ONCE = 1000

_KEY = (bindparam("user_id", type_=Uuid), bindparam("key", type_=Text))
_OWN = (*_KEY, bindparam("claim", type_=Uuid))

# The count has the expired row deleted before the new one is inserted.
CLAIM = Query(
    text("""
    WITH expired AS (
        DELETE FROM idempotency_keys
        WHERE user_id = :user_id AND key = :key AND created_at <= now() - :lifetime
        RETURNING key
    )
    INSERT INTO idempotency_keys AS known
        (user_id, key, fingerprint, resource_id, claim, claimed_until, is_in_doubt, created_at)
    SELECT :user_id, :key, :fingerprint, :resource_id, :claim, now() + :lease, false, now()
    FROM (SELECT count(*) FROM expired) AS first
    ON CONFLICT (user_id, key) DO UPDATE
    SET claim = excluded.claim, claimed_until = excluded.claimed_until,
        is_in_doubt = known.is_in_doubt OR known.claim IS NOT NULL
    WHERE known.fingerprint = excluded.fingerprint AND known.status IS NULL
      AND (known.claim IS NULL OR known.claimed_until <= now())
    RETURNING resource_id
""").bindparams(
        *_OWN,
        bindparam("fingerprint", type_=LargeBinary),
        bindparam("resource_id", type_=Uuid),
        bindparam("lease", LEASE, type_=Interval),
        bindparam("lifetime", LIFETIME, type_=Interval),
    )
)
FIND = Query(
    text(
        "SELECT fingerprint, status, headers, body FROM idempotency_keys WHERE user_id = :user_id AND key = :key"
    ).bindparams(*_KEY)
)
KEEP = Query(
    text("""
    UPDATE idempotency_keys AS known
    SET status = answer.status, headers = answer.headers, body = answer.body, claim = NULL, claimed_until = NULL
    FROM unnest(:user_ids, :keys, :claims, :statuses, :headers, :bodies)
         AS answer (user_id, key, claim, status, headers, body)
    WHERE known.user_id = answer.user_id AND known.key = answer.key AND known.claim = answer.claim
""").bindparams(
        bindparam("user_ids", type_=ARRAY(Uuid)),
        bindparam("keys", type_=ARRAY(Text)),
        bindparam("claims", type_=ARRAY(Uuid)),
        bindparam("statuses", type_=ARRAY(SmallInteger)),
        bindparam("headers", type_=ARRAY(JSONB)),
        bindparam("bodies", type_=ARRAY(LargeBinary)),
    )
)
RELEASE = Query(
    text("""
    UPDATE idempotency_keys
    SET claim = NULL, claimed_until = NULL, is_in_doubt = is_in_doubt OR :is_in_doubt
    WHERE user_id = :user_id AND key = :key AND claim = :claim
""").bindparams(*_OWN, bindparam("is_in_doubt", type_=Boolean))
)
FORGET = Query(
    text("""
    WITH forgotten AS (
        DELETE FROM idempotency_keys
        WHERE user_id = :user_id AND key = :key AND claim = :claim AND NOT is_in_doubt
    )
    UPDATE idempotency_keys SET claim = NULL, claimed_until = NULL
    WHERE user_id = :user_id AND key = :key AND claim = :claim AND is_in_doubt
""").bindparams(*_OWN)
)
EXPIRE = text("""
    DELETE FROM idempotency_keys WHERE (user_id, key) IN (
        SELECT user_id, key FROM idempotency_keys WHERE created_at <= now() - :lifetime
        ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
""").bindparams(bindparam("lifetime", LIFETIME, type_=Interval), bindparam("limit", AT_ONCE, type_=Integer))


async def expire(engine: AsyncEngine) -> None:
    """For a timer: removes what is older than anybody may rely on, a few at a time."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        while (await connection.execute(EXPIRE)).rowcount == AT_ONCE:
            pass


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    claim: Claim
    answer: Answer


class SqlIdempotencyKeys:
    def __init__(self, database: Reader) -> None:
        self._database = database
        self._together = Together(self._keep)

    async def claim(self, user_id: UUID, key: str, fingerprint: bytes) -> Claim | Answer:
        which = {"user_id": user_id, "key": key}
        claim, resource_id = new_id(), new_id()
        claimed = await self._database.first(
            CLAIM, **which, claim=claim, resource_id=resource_id, fingerprint=fingerprint
        )
        if claimed is not None:
            return Claim(user_id, key, claim, claimed["resource_id"])
        known = await self._database.first(FIND, **which)
        if known is not None and known["fingerprint"] != fingerprint:
            raise IdempotencyKeyReused("Send another request with another key.")
        if known is not None and known["status"] is not None:
            return Answer(known["status"], known["headers"], known["body"])
        # Or it has ended just now, between the two statements.
        raise RequestInProgress("Send it again in a moment to get its answer.", retry_after=1)

    async def keep(self, claim: Claim, answer: Answer) -> None:
        await self._together.all([_Kept(claim, answer)])

    async def forget(self, claim: Claim) -> None:
        await self._run(FORGET, claim)

    async def release(self, claim: Claim, *, is_in_doubt: bool) -> None:
        await self._run(RELEASE, claim, is_in_doubt=is_in_doubt)

    async def _run(self, statement: Query, claim: Claim, **values: Any) -> None:
        await self._database.all(statement, user_id=claim.user_id, key=claim.key, claim=claim.id, **values)

    async def _keep(self, answers: Collection[_Kept]) -> Mapping[_Kept, None]:
        # No two are of one row: a key has one claim at a time.
        await self._database.all(
            KEEP,
            user_ids=[each.claim.user_id for each in answers],
            keys=[each.claim.key for each in answers],
            claims=[each.claim.id for each in answers],
            statuses=[each.answer.status for each in answers],
            headers=[dict(each.answer.headers) for each in answers],
            bodies=[each.answer.body for each in answers],
        )
        return {}
