"""Carts: of each product in them, only how many; names and prices are always the catalog's present ones."""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, Integer, Table, Uuid

from order_service.domain.products import MAX_QUANTITY
from order_service.models.base import metadata

# Emptied, a cart stays: its version only ever grows.
carts = Table(
    "carts",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("version >= 1", name="version"),
)

cart_lines = Table(
    "cart_lines",
    metadata,
    Column("user_id", Uuid, ForeignKey(carts.c.user_id), primary_key=True),
    Column("product_id", Uuid, primary_key=True),
    Column("quantity", Integer, nullable=False),
    Column("added_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(f"quantity BETWEEN 1 AND {MAX_QUANTITY}", name="quantity"),
)
# Lines are shown as they came.
Index(None, cart_lines.c.user_id, cart_lines.c.added_at)
