"""Users, and the ids of those who left."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, Index, Table, Text, Uuid, func

from auth_service.models.base import metadata
from libs.privacy.erasure_schedule import index_next_erasure, next_erasure_column

# In the collation "C" text is compared byte by byte, so that "begins with" is a range of the index.
users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", Text(collation="C"), nullable=False, unique=True),
    Column("username", Text(collation="C"), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("email = lower(email) AND email LIKE '%_@_%'", name="email"),
    CheckConstraint("username ~ '^[A-Za-z0-9._-]{3,32}$'", name="username"),
    CheckConstraint("role IN ('user', 'admin')", name="role"),
    CheckConstraint("version >= 1", name="version"),
)
Index("uq_users_username", func.lower(users.c.username), unique=True)
# Newest first are ids backwards; these find the few admins and the few who are blocked among all.
Index("ix_users_role_id", users.c.role, users.c.id)
Index("ix_users_blocked", users.c.id, postgresql_where=users.c.is_active.is_(False))

deleted_users = Table(
    "deleted_users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("deleted_at", DateTime(timezone=True), nullable=False),
    # When what still names them is looked for next.
    next_erasure_column(is_set=True),
)
index_next_erasure(deleted_users)
