from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, Table, Text, Uuid, text

from catalog_service.models.base import metadata, version

# What stands where the name of somebody was who is gone. No username has a space.
DELETED_ACTOR = "deleted user"

stock = Table(
    "stock",
    metadata,
    Column("product_id", Uuid, ForeignKey("products.id", ondelete="RESTRICT"), primary_key=True),
    Column("on_hand", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    *version(),
    CheckConstraint("0 <= reserved AND reserved <= on_hand", "reserved"),
    # Admins stop at ten million; what orders give back may exceed that, but never what a number in JSON can hold.
    CheckConstraint("on_hand <= 1000000000000000", "on_hand"),
    # Most of its updates change no index: room on the page keeps them off the indexes altogether.
    postgresql_with={"fillfactor": 70},
)

stock_ledger = Table(
    "stock_ledger",
    metadata,
    Column("product_id", Uuid, ForeignKey("stock.product_id", ondelete="RESTRICT"), primary_key=True),
    # The stock's version that the entry made: the order of entries, and their proof against being written twice.
    Column("version", BigInteger, primary_key=True),
    Column("delta", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor_id", Uuid),
    Column("actor", Text),
    Column("order_id", Uuid),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint("delta <> 0", "delta"),
    # Either a person did it or an order.
    CheckConstraint("(order_id IS NULL) = (actor_id IS NOT NULL AND actor IS NOT NULL)", "cause"),
)
Index("ix_stock_ledger_order_id", stock_ledger.c.order_id, postgresql_where=stock_ledger.c.order_id.is_not(None))
Index(
    "ix_stock_ledger_named",
    stock_ledger.c.actor_id,
    postgresql_where=stock_ledger.c.actor != text(f"'{DELETED_ACTOR}'"),
)
