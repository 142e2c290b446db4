"""Orders, their lines and history, the replicas of users and products, and what messaging needs."""

import sqlalchemy as sa
from alembic import op

from libs.messaging.migrations import create_deliveries, create_outbox

revision = "0001"
down_revision = None

STATUSES = (
    "'pending', 'awaiting_payment', 'rejected', 'paid', 'cancelled', 'expired', 'refunded', 'shipped', 'delivered'"
)


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("total", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("delivery_address", sa.Text()),
        sa.Column("comment", sa.Text()),
        sa.Column("status_reason", sa.Text()),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_orders_currency")),
        sa.CheckConstraint(
            "deleted_at IS NULL OR status IN ('rejected', 'cancelled', 'expired', 'refunded', 'delivered')",
            name=op.f("ck_orders_deleted_is_final"),
        ),
        sa.CheckConstraint(
            f"status IN ({STATUSES})",
            name=op.f("ck_orders_status"),
        ),
        sa.CheckConstraint("char_length(comment) <= 2000", name=op.f("ck_orders_comment")),
        sa.CheckConstraint("char_length(delivery_address) <= 500", name=op.f("ck_orders_delivery_address")),
        sa.CheckConstraint("total >= 0", name=op.f("ck_orders_total")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_orders_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
    )
    op.create_index(op.f("ix_orders_created_at_id"), "orders", ["created_at", "id"])
    op.create_index(op.f("ix_orders_status_created_at_id"), "orders", ["status", "created_at", "id"])
    op.create_index(op.f("ix_orders_user_id_created_at_id"), "orders", ["user_id", "created_at", "id"])
    op.create_table(
        "products",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("price", sa.Numeric(precision=9, scale=2)),
        sa.Column("currency", sa.Text()),
        sa.Column("is_active", sa.Boolean()),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "deleted_at IS NOT NULL OR num_nulls(name, price, currency, is_active) = 0",
            name=op.f("ck_products_whole_or_deleted"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_products_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("role", sa.Text()),
        sa.Column("is_active", sa.Boolean()),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "deleted_at IS NOT NULL OR num_nulls(username, email, role, is_active) = 0",
            name=op.f("ck_users_whole_or_deleted"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_users_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_table(
        "order_history",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("from_status", sa.Text()),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.CheckConstraint(
            f"from_status IN ({STATUSES})",
            name=op.f("ck_order_history_from_status"),
        ),
        sa.CheckConstraint(
            f"to_status IN ({STATUSES})",
            name=op.f("ck_order_history_to_status"),
        ),
        sa.CheckConstraint("(version = 1) = (from_status IS NULL)", name=op.f("ck_order_history_first")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_history_order_id_orders")),
        sa.PrimaryKeyConstraint("order_id", "version", name=op.f("pk_order_history")),
    )
    op.create_table(
        "order_lines",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=9, scale=2), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("position BETWEEN 1 AND 100", name=op.f("ck_order_lines_position")),
        sa.CheckConstraint("quantity BETWEEN 1 AND 999", name=op.f("ck_order_lines_quantity")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_order_lines_unit_price")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id_orders")),
        sa.PrimaryKeyConstraint("order_id", "product_id", name=op.f("pk_order_lines")),
    )
    # What has happened cannot be made not to have happened, whoever tries.
    op.execute("""
        CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'history is only ever added to' USING ERRCODE = 'restrict_violation';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER order_history_is_append_only BEFORE UPDATE OR DELETE ON order_history
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()
    """)
    create_outbox()
    create_deliveries()


def downgrade() -> None:
    for table in ("deliveries", "outbox_sent", "outbox", "order_lines", "order_history", "orders", "users", "products"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_rewriting")
