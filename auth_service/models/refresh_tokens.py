"""Refresh tokens in families. Revoking marks the family, so that no token of it can slip through."""

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, LargeBinary, Table, Uuid

from auth_service.models.base import metadata

refresh_families = Table(
    "refresh_families",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    # When its newest token does.
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("family_id", Uuid, ForeignKey("refresh_families.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    Column("used_at", DateTime(timezone=True)),
    CheckConstraint("octet_length(digest) = 32", name="digest"),
)
# A family has one token at most that can still be used.
Index(
    "uq_refresh_tokens_usable",
    refresh_tokens.c.family_id,
    unique=True,
    postgresql_where=refresh_tokens.c.used_at.is_(None),
)
