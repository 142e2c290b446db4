"""What other services own and this one follows. The row of something that is gone stays, without what it said.

Version 0 is not to be believed: whatever comes next replaces it.
"""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, Numeric, Table, Text, Uuid

from libs.privacy.erasure_schedule import index_next_erasure, next_erasure_column
from order_service.models.base import metadata

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("username", Text),
    Column("email", Text),
    Column("role", Text),
    Column("is_active", Boolean),
    Column("version", BigInteger, nullable=False),
    Column("deleted_at", DateTime(timezone=True)),
    # When what still names a deleted one is looked for next.
    next_erasure_column(is_set=False),
    CheckConstraint("version >= 0", name="version"),
    CheckConstraint(
        "deleted_at IS NOT NULL OR num_nulls(username, email, role, is_active) = 0",
        name="whole_or_deleted",
    ),
    CheckConstraint("erase_at IS NULL OR deleted_at IS NOT NULL", name="erase_at"),
)
index_next_erasure(users)

products = Table(
    "products",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text),
    Column("price", Numeric(9, 2)),
    Column("currency", Text),
    Column("is_active", Boolean),
    Column("version", BigInteger, nullable=False),
    Column("deleted_at", DateTime(timezone=True)),
    CheckConstraint("version >= 0", name="version"),
    CheckConstraint(
        "deleted_at IS NOT NULL OR num_nulls(name, price, currency, is_active) = 0",
        name="whole_or_deleted",
    ),
)
