from sqlalchemy import BigInteger, CheckConstraint, Column, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from catalog_service.models.base import metadata

reservations = Table(
    "reservations",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    # The newest version of the order that was followed; 0 only within the transaction that follows the first.
    Column("order_version", BigInteger, nullable=False, server_default=text("0")),
    Column("state", Text, nullable=False, server_default="released"),
    # {product: quantity} of what the order keeps or has taken.
    Column("lines", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    # [[product, wanted, available]] of what was missing, for the same answer if it is asked for again.
    Column("shortages", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    CheckConstraint("state IN ('released', 'short', 'held', 'sold')", "state"),
    CheckConstraint("state IN ('held', 'sold') OR lines = '{}'::jsonb", "lines"),
    CheckConstraint("(state = 'short') = (shortages <> '[]'::jsonb)", "shortages"),
    CheckConstraint("order_version >= 0", "order_version"),
)
