from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Numeric,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from catalog_service.models.base import metadata, moments, version

products = Table(
    "products",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("sku", Text),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    # The name as it is sorted by, byte by byte, so that the order is the same whatever the database's locale.
    Column("sort_name", Text(collation="C"), nullable=False),
    Column("description", Text, nullable=False),
    Column("price", Numeric(9, 2), nullable=False),
    Column("currency", Text, nullable=False),
    Column("category_id", Uuid, ForeignKey("categories.id", ondelete="RESTRICT")),
    Column("attributes", JSONB, nullable=False),
    Column("image_urls", ARRAY(Text), nullable=False),
    Column("search", TSVECTOR, nullable=False),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    *version(),
    *moments(),
    Column("deleted_at", DateTime(timezone=True)),
    CheckConstraint("char_length(name) BETWEEN 1 AND 200", "name"),
    CheckConstraint("price >= 0", "price"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", "currency"),
    CheckConstraint("jsonb_typeof(attributes) = 'object'", "attributes"),
    # A tombstone holds on to nothing, so that its category can be deleted, and nothing lists it.
    CheckConstraint("deleted_at IS NULL OR (category_id IS NULL AND NOT is_active)", "deleted"),
)

_ALIVE = text("deleted_at IS NULL")
_SHOWN = text("is_active")
Index("uq_products_sku", products.c.sku, unique=True, postgresql_where=_ALIVE)
Index("uq_products_slug", products.c.slug, unique=True, postgresql_where=_ALIVE)
# One for each order that lists come in, in the whole shop and in one category.
Index("ix_products_price", products.c.price, products.c.id, postgresql_where=_SHOWN)
Index("ix_products_sort_name", products.c.sort_name, products.c.id, postgresql_where=_SHOWN)
Index("ix_products_category_newest", products.c.category_id, products.c.id, postgresql_include=["is_active"])
Index("ix_products_category_price", products.c.category_id, products.c.price, products.c.id, postgresql_where=_SHOWN)
Index("ix_products_category_name", products.c.category_id, products.c.sort_name, products.c.id, postgresql_where=_SHOWN)
Index("ix_products_search", products.c.search, postgresql_using="gin")
Index(
    "ix_products_attributes",
    products.c.attributes,
    postgresql_using="gin",
    postgresql_ops={"attributes": "jsonb_path_ops"},
)
