"""What other services own, at the newest version that they told us of."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, Table, Text, Uuid

from catalog_service.models.base import metadata

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("username", Text),
    Column("role", Text),
    Column("is_active", Boolean, nullable=False),
    # 0: it is not to be believed, and whatever comes next replaces it.
    Column("version", BigInteger, nullable=False),
    CheckConstraint("version >= 0", "version"),
    Column("deleted_at", DateTime(timezone=True)),
    CheckConstraint("role IN ('user', 'admin')", "role"),
    # A tombstone is a version and nothing else.
    CheckConstraint(
        "CASE WHEN deleted_at IS NULL THEN num_nonnulls(username, role) = 2"
        " ELSE num_nonnulls(username, role) = 0 AND NOT is_active END",
        "deleted",
    ),
)
