"""The statements of idempotency keys. Each commits by itself; the server's clock counts."""

from datetime import timedelta

from sqlalchemy import Boolean, Integer, Interval, LargeBinary, SmallInteger, Text, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from libs.database.arrays import arrays
from libs.database.query import CompiledQuery

LIFETIME = timedelta(hours=24)
LEASE = timedelta(seconds=15)
"""Longer than a request takes. One that takes longer does no harm: whoever takes its place makes the same thing."""
AT_ONCE = 1000

_KEY = (bindparam("user_id", type_=Uuid), bindparam("key", type_=Text))
_OWN = (*_KEY, bindparam("claim", type_=Uuid))
_KEYS = (*arrays(user_ids=Uuid, keys=Text, claims=Uuid),)

# The count has the expired rows deleted before the new ones are inserted.
CLAIM = CompiledQuery(
    text("""
    WITH asked AS (
        SELECT * FROM unnest(:user_ids, :keys, :fingerprints, :resource_ids, :claims)
             WITH ORDINALITY AS asked (user_id, key, fingerprint, resource_id, claim, number)
    ), expired AS (
        DELETE FROM idempotency_keys AS known USING asked
        WHERE known.user_id = asked.user_id AND known.key = asked.key AND known.created_at <= now() - :lifetime
        RETURNING known.key
    )
    INSERT INTO idempotency_keys AS known
        (user_id, key, fingerprint, resource_id, claim, claimed_until, outcome_unknown, created_at)
    SELECT user_id, key, fingerprint, resource_id, claim, now() + :lease, false, now()
    FROM asked, (SELECT count(*) FROM expired) AS first
    ORDER BY number
    ON CONFLICT (user_id, key) DO UPDATE
    SET claim = excluded.claim, claimed_until = excluded.claimed_until,
        outcome_unknown = known.outcome_unknown OR known.claim IS NOT NULL
    WHERE known.fingerprint = excluded.fingerprint AND known.status IS NULL
      AND (known.claim IS NULL OR known.claimed_until <= now())
    RETURNING claim, resource_id
""").bindparams(
        *_KEYS,
        *arrays(fingerprints=LargeBinary, resource_ids=Uuid),
        bindparam("lease", LEASE, type_=Interval),
        bindparam("lifetime", LIFETIME, type_=Interval),
    )
)
FIND = CompiledQuery(
    text(
        "SELECT fingerprint, status, headers, body FROM idempotency_keys WHERE user_id = :user_id AND key = :key"
    ).bindparams(*_KEY)
)
# The subquery hides from PostgreSQL how many there are: it would plan each time anew (see `any_array`).
COMPLETE = CompiledQuery(
    text("""
    UPDATE idempotency_keys AS known
    SET status = answer.status, headers = answer.headers, body = answer.body, claim = NULL, claimed_until = NULL
    FROM unnest((SELECT :user_ids), :keys, :claims, :statuses, :headers, :bodies)
         AS answer (user_id, key, claim, status, headers, body)
    WHERE known.user_id = answer.user_id AND known.key = answer.key AND known.claim = answer.claim
""").bindparams(
        *_KEYS,
        *arrays(statuses=SmallInteger, headers=JSONB, bodies=LargeBinary),
    )
)
RELEASE = CompiledQuery(
    text("""
    UPDATE idempotency_keys
    SET claim = NULL, claimed_until = NULL, outcome_unknown = outcome_unknown OR :outcome_unknown
    WHERE user_id = :user_id AND key = :key AND claim = :claim
""").bindparams(*_OWN, bindparam("outcome_unknown", type_=Boolean))
)
DISCARD = CompiledQuery(
    text("""
    WITH forgotten AS (
        DELETE FROM idempotency_keys
        WHERE user_id = :user_id AND key = :key AND claim = :claim AND NOT outcome_unknown
    )
    UPDATE idempotency_keys SET claim = NULL, claimed_until = NULL
    WHERE user_id = :user_id AND key = :key AND claim = :claim AND outcome_unknown
""").bindparams(*_OWN)
)
EXPIRE = text("""
    DELETE FROM idempotency_keys WHERE (user_id, key) IN (
        SELECT user_id, key FROM idempotency_keys WHERE created_at <= now() - :lifetime
        ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
""").bindparams(bindparam("lifetime", LIFETIME, type_=Interval), bindparam("limit", AT_ONCE, type_=Integer))
