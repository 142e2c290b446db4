"""Passwords that were tried and not found right, for as long as they count."""

from sqlalchemy import CheckConstraint, Column, DateTime, Index, LargeBinary, Table, Text, Uuid

from auth_service.models.base import metadata

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("address", Text, nullable=False),
    Column("account", LargeBinary, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False, index=True),
    CheckConstraint("octet_length(account) = 32", name="account"),
)
# Counting reads no more than the index, and never more rows of an address than may stand there.
Index(
    "ix_login_attempts_address_made_at",
    login_attempts.c.address,
    login_attempts.c.made_at,
    postgresql_include=["account"],
)
