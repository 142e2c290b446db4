from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, Uuid

from catalog_service.models.base import metadata, moments, version

categories = Table(
    "categories",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("parent_id", Uuid, ForeignKey("categories.id", ondelete="RESTRICT")),
    Column("level", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("slug", Text, nullable=False, unique=True),
    *version(),
    *moments(),
    # Roots are siblings of each other.
    UniqueConstraint("parent_id", "name", postgresql_nulls_not_distinct=True),
    CheckConstraint("level >= 0 AND (parent_id IS NULL) = (level = 0)", "level"),
    CheckConstraint("parent_id <> id", "not_its_own_parent"),
    CheckConstraint("char_length(name) BETWEEN 1 AND 200", "name"),
)
# With the id, so that whoever descends the tree needs nothing else, however small the table is.
Index("ix_categories_parent_id", categories.c.parent_id, postgresql_include=["id"])
