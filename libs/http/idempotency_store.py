"""Idempotency keys in PostgreSQL. Each step is one statement that commits by itself; the server's clock counts."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Integer, Interval, LargeBinary, SmallInteger, Text, TextClause, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.http.idempotency_keys import Answer, Claim, IdempotencyKeyReused, RequestInProgress
from libs.process.ids import new_id

LIFETIME = timedelta(hours=24)
LEASE = timedelta(seconds=15)
"""Longer than a request takes. One that takes longer does no harm: whoever takes its place makes the same thing."""
AT_ONCE = 1000

_KEY = (bindparam("user_id", type_=Uuid), bindparam("key", type_=Text))
_OWN = (*_KEY, bindparam("claim", type_=Uuid))

# The count has the expired row deleted before the new one is inserted.
CLAIM = text("""
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
FIND = (
    text("SELECT fingerprint, status, headers, body FROM idempotency_keys WHERE user_id = :user_id AND key = :key")
    .bindparams(*_KEY)
    .columns(fingerprint=LargeBinary, status=SmallInteger, headers=JSONB, body=LargeBinary)
)
KEEP = text("""
    UPDATE idempotency_keys
    SET status = :status, headers = :headers, body = :body, claim = NULL, claimed_until = NULL
    WHERE user_id = :user_id AND key = :key AND claim = :claim
""").bindparams(
    *_OWN,
    bindparam("status", type_=SmallInteger),
    bindparam("headers", type_=JSONB),
    bindparam("body", type_=LargeBinary),
)
RELEASE = text("""
    UPDATE idempotency_keys
    SET claim = NULL, claimed_until = NULL, is_in_doubt = is_in_doubt OR :is_in_doubt
    WHERE user_id = :user_id AND key = :key AND claim = :claim
""").bindparams(*_OWN, bindparam("is_in_doubt", type_=Boolean))
FORGET = text("""
    WITH forgotten AS (
        DELETE FROM idempotency_keys
        WHERE user_id = :user_id AND key = :key AND claim = :claim AND NOT is_in_doubt
    )
    UPDATE idempotency_keys SET claim = NULL, claimed_until = NULL
    WHERE user_id = :user_id AND key = :key AND claim = :claim AND is_in_doubt
""").bindparams(*_OWN)
EXPIRE = text("""
    DELETE FROM idempotency_keys WHERE (user_id, key) IN (
        SELECT user_id, key FROM idempotency_keys WHERE created_at <= now() - :lifetime
        ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
""").bindparams(bindparam("lifetime", LIFETIME, type_=Interval), bindparam("limit", AT_ONCE, type_=Integer))


class SqlIdempotencyKeys:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def claim(self, user_id: UUID, key: str, fingerprint: bytes) -> Claim | Answer:
        which = {"user_id": user_id, "key": key}
        claim, resource_id = new_id(), new_id()
        async with self._engine.connect() as connection:
            wanted = {**which, "claim": claim, "resource_id": resource_id, "fingerprint": fingerprint}
            claimed = (await connection.execute(CLAIM, wanted)).one_or_none()
            if claimed is not None:
                return Claim(user_id, key, claim, claimed.resource_id)
            known = (await connection.execute(FIND, which)).one_or_none()
        if known is not None and known.fingerprint != fingerprint:
            raise IdempotencyKeyReused("Send another request with another key.")
        if known is not None and known.status is not None:
            return Answer(known.status, known.headers, known.body)
        # Or it has ended just now, between the two statements.
        raise RequestInProgress("Send it again in a moment to get its answer.", retry_after=1)

    async def keep(self, claim: Claim, answer: Answer) -> None:
        await self._run(KEEP, claim, status=answer.status, headers=dict(answer.headers), body=answer.body)

    async def forget(self, claim: Claim) -> None:
        await self._run(FORGET, claim)

    async def release(self, claim: Claim, *, is_in_doubt: bool) -> None:
        await self._run(RELEASE, claim, is_in_doubt=is_in_doubt)

    async def expire(self) -> None:
        """For a timer: removes what is older than anybody may rely on, a few at a time."""
        async with self._engine.connect() as connection:
            while (await connection.execute(EXPIRE)).rowcount == AT_ONCE:
                pass

    async def _run(self, statement: TextClause, claim: Claim, **values: Any) -> None:
        own = {"user_id": claim.user_id, "key": claim.key, "claim": claim.id}
        async with self._engine.connect() as connection:
            await connection.execute(statement, {**own, **values})
