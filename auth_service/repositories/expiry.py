"""Forgetting what no longer matters. Any number of workers may do this at once."""

from datetime import UTC, datetime

from sqlalchemy import bindparam, delete

from auth_service.domain.login_limits import WINDOW
from auth_service.models import login_attempts, refresh_families, refresh_tokens
from libs.database.database import Database

# A family expires with its newest token and takes the older ones with it; one that lives on loses its oldest.
EXPIRED_FAMILIES = delete(refresh_families).where(refresh_families.c.expires_at <= bindparam("now"))
EXPIRED_TOKENS = delete(refresh_tokens).where(refresh_tokens.c.expires_at <= bindparam("now"))
EXPIRED_ATTEMPTS = delete(login_attempts).where(login_attempts.c.made_at <= bindparam("since"))


async def delete_expired(transactions: Database) -> None:
    now = datetime.now(UTC)
    for statement, moment in (
        (EXPIRED_FAMILIES, {"now": now}),
        (EXPIRED_TOKENS, {"now": now}),
        (EXPIRED_ATTEMPTS, {"since": now - WINDOW}),
    ):
        await transactions.execute(statement, moment)
