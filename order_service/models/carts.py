"""Carts: of each product in them how many, and what it was called last. All else is the catalog's, as it is now."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from order_service.domain.products import MAX_LINES, MAX_QUANTITY
from order_service.models.base import metadata

# Emptied, a cart stays: its version only ever grows.
carts = Table(
    "carts",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("version >= 0", name="version"),
)

cart_lines = Table(
    "cart_lines",
    metadata,
    Column("user_id", Uuid, ForeignKey(carts.c.user_id, ondelete="CASCADE"), primary_key=True),
    Column("product_id", Uuid, primary_key=True),
    Column("position", SmallInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    # Looked at after each statement, in which lines may change places.
    UniqueConstraint("user_id", "position", deferrable=True, initially="IMMEDIATE"),
    CheckConstraint(f"position BETWEEN 1 AND {MAX_LINES}", name="position"),
    CheckConstraint(f"quantity BETWEEN 1 AND {MAX_QUANTITY}", name="quantity"),
)
