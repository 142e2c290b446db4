"""Categories, products, stock, reservations, the replica of users, and the outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from libs.messaging.migrations import create_deliveries, create_outbox

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_outbox()
    create_deliveries()
    op.create_table(
        "categories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name=op.f("ck_categories_name")),
        sa.CheckConstraint("level >= 0 AND (parent_id IS NULL) = (level = 0)", name=op.f("ck_categories_level")),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_categories_not_its_own_parent")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_categories_version")),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["categories.id"], name=op.f("fk_categories_parent_id_categories"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint(
            "parent_id", "name", name=op.f("uq_categories_parent_id_name"), postgresql_nulls_not_distinct=True
        ),
        sa.UniqueConstraint("slug", name=op.f("uq_categories_slug")),
    )
    op.create_index("ix_categories_parent_id", "categories", ["parent_id"], unique=False)
    op.create_table(
        "reservations",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), server_default="released", nullable=False),
        sa.Column("lines", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("shortages", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.CheckConstraint("(state = 'short') = (shortages <> '[]'::jsonb)", name=op.f("ck_reservations_shortages")),
        sa.CheckConstraint("state IN ('held', 'sold') OR lines = '{}'::jsonb", name=op.f("ck_reservations_lines")),
        sa.CheckConstraint("state IN ('released', 'short', 'held', 'sold')", name=op.f("ck_reservations_state")),
        sa.CheckConstraint("order_version >= 0", name=op.f("ck_reservations_order_version")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_reservations")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('user', 'admin')", name=op.f("ck_users_role")),
        sa.CheckConstraint(
            "CASE WHEN deleted_at IS NULL THEN num_nonnulls(username, role) = 2"
            " ELSE num_nonnulls(username, role) = 0 AND NOT is_active END",
            name=op.f("ck_users_deleted"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_users_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_table(
        "products",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_name", sa.Text(collation="C"), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(precision=9, scale=2), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("attributes", postgresql.JSONB(), nullable=False),
        sa.Column("image_urls", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("search", postgresql.TSVECTOR(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_products_currency")),
        sa.CheckConstraint("jsonb_typeof(attributes) = 'object'", name=op.f("ck_products_attributes")),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name=op.f("ck_products_name")),
        sa.CheckConstraint(
            "deleted_at IS NULL OR (category_id IS NULL AND NOT is_active)", name=op.f("ck_products_deleted")
        ),
        sa.CheckConstraint("price >= 0", name=op.f("ck_products_price")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_products_version")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_products_category_id_categories"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
    )
    op.create_index(
        "ix_products_attributes",
        "products",
        ["attributes"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"attributes": "jsonb_path_ops"},
    )
    op.create_index(
        "ix_products_category_name",
        "products",
        ["category_id", "sort_name", "id"],
        unique=False,
        postgresql_where=sa.text("is_active"),
    )
    op.create_index(
        "ix_products_category_newest", "products", ["category_id", "id"], unique=False, postgresql_include=["is_active"]
    )
    op.create_index(
        "ix_products_category_price",
        "products",
        ["category_id", "price", "id"],
        unique=False,
        postgresql_where=sa.text("is_active"),
    )
    op.create_index(
        "ix_products_price",
        "products",
        ["price", "id"],
        unique=False,
        postgresql_where=sa.text("is_active"),
    )
    op.create_index("ix_products_search", "products", ["search"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_products_sort_name",
        "products",
        ["sort_name", "id"],
        unique=False,
        postgresql_where=sa.text("is_active"),
    )
    op.create_index("uq_products_sku", "products", ["sku"], unique=True, postgresql_where=sa.text("deleted_at IS NULL"))
    op.create_index(
        "uq_products_slug", "products", ["slug"], unique=True, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.create_table(
        "stock",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("0 <= reserved AND reserved <= on_hand", name=op.f("ck_stock_reserved")),
        sa.CheckConstraint("on_hand <= 1000000000000000", name=op.f("ck_stock_on_hand")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_stock_version")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_stock_product_id_products"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_stock")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "stock_ledger",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("delta", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(order_id IS NULL) = (actor_id IS NOT NULL AND actor IS NOT NULL)", name=op.f("ck_stock_ledger_cause")
        ),
        sa.CheckConstraint("delta <> 0", name=op.f("ck_stock_ledger_delta")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["stock.product_id"], name=op.f("fk_stock_ledger_product_id_stock"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("product_id", "version", name=op.f("pk_stock_ledger")),
    )
    op.create_index(
        "ix_stock_ledger_order_id",
        "stock_ledger",
        ["order_id"],
        unique=False,
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )


def downgrade() -> None:
    for table in (
        "stock_ledger",
        "stock",
        "products",
        "categories",
        "reservations",
        "users",
        "deliveries",
        "outbox_sent",
        "outbox",
    ):
        op.drop_table(table)
