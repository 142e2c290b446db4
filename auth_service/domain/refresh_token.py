"""Refresh tokens: single use, in families. A family is every token that came of one login, each of the one before."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

LIFETIME = timedelta(days=30)
RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What is stored of a token, with its family's state."""

    family_id: UUID
    user_id: UUID
    expires_at: datetime
    is_used: bool
    is_revoked: bool


def new_secret() -> str:
    return secrets.token_urlsafe(RANDOM_BYTES)


def digest(secret: str) -> bytes:
    """Only this is stored: who reads the database cannot log in. A random secret needs no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).digest()
