"""Families of refresh tokens in transactions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from auth_service.domain.refresh_token import LIFETIME, RefreshToken
from auth_service.models import refresh_families, refresh_tokens
from libs.database.database import Transaction
from libs.process.ids import new_id

START = insert(refresh_families)
ADD = insert(refresh_tokens)
LOCK_FAMILY = (
    select(refresh_families.c.id, refresh_families.c.user_id, refresh_families.c.revoked_at)
    .where(
        refresh_families.c.id
        == select(refresh_tokens.c.family_id).where(refresh_tokens.c.digest == bindparam("digest")).scalar_subquery()
    )
    .with_for_update()
)
# Read once the family is locked, so that it tells what happened while the lock was waited for.
TOKEN = select(refresh_tokens.c.expires_at, refresh_tokens.c.used_at).where(
    refresh_tokens.c.digest == bindparam("digest")
)
USE = (
    update(refresh_tokens)
    .where(refresh_tokens.c.digest == bindparam("used"), refresh_tokens.c.used_at.is_(None))
    .values(used_at=bindparam("now"))
)
PROLONG = (
    update(refresh_families).where(refresh_families.c.id == bindparam("family")).values(expires_at=bindparam("until"))
)
REVOKE = (
    update(refresh_families)
    .where(refresh_families.c.id == bindparam("family"), refresh_families.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"))
)
REVOKE_ALL = (
    update(refresh_families)
    .where(refresh_families.c.user_id == bindparam("user"), refresh_families.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"))
)


class SqlRefreshTokens:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def start_family(self, user_id: UUID, digest: bytes, now: datetime) -> None:
        family_id, until = new_id(), now + LIFETIME
        await self._transaction.execute(
            START, {"id": family_id, "user_id": user_id, "started_at": now, "expires_at": until}
        )
        await self._transaction.execute(ADD, {"digest": digest, "family_id": family_id, "expires_at": until})

    async def lock(self, digest: bytes) -> RefreshToken | None:
        family = await self._transaction.fetch_one(LOCK_FAMILY, {"digest": digest})
        if family is None:
            return None
        token = await self._transaction.fetch_one(TOKEN, {"digest": digest})
        if token is None:
            return None
        return RefreshToken(
            family_id=family.id,
            user_id=family.user_id,
            expires_at=token.expires_at,
            is_used=token.used_at is not None,
            is_revoked=family.revoked_at is not None,
        )

    async def rotate(self, family_id: UUID, used: bytes, fresh: bytes, now: datetime) -> None:
        until = now + LIFETIME
        await self._transaction.execute(USE, {"used": used, "now": now})
        await self._transaction.execute(ADD, {"digest": fresh, "family_id": family_id, "expires_at": until})
        await self._transaction.execute(PROLONG, {"family": family_id, "until": until})

    async def revoke_family(self, family_id: UUID, now: datetime) -> None:
        await self._transaction.execute(REVOKE, {"family": family_id, "now": now})

    async def revoke_all(self, user_id: UUID, now: datetime) -> None:
        await self._transaction.execute(REVOKE_ALL, {"user": user_id, "now": now})
