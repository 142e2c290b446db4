"""Payments, how long stock is held for one, and when an order was last announced."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("orders", sa.Column("reserved_until", sa.DateTime(timezone=True)))
    op.add_column("orders", sa.Column("announced_at", sa.DateTime(timezone=True)))
    # Whoever has waited for a way to pay gets as long as anybody.
    op.execute("""
        UPDATE orders SET announced_at = updated_at,
                          reserved_until = CASE WHEN status = 'awaiting_payment' THEN now() + interval '15 minutes' END
    """)
    op.alter_column("orders", "announced_at", nullable=False)
    op.create_check_constraint(
        op.f("ck_orders_reserved_until"), "orders", "(reserved_until IS NOT NULL) = (status = 'awaiting_payment')"
    )
    op.create_index(
        "ix_orders_due", "orders", ["reserved_until"], postgresql_where=sa.text("reserved_until IS NOT NULL")
    )
    op.create_index("ix_orders_unanswered", "orders", ["announced_at"], postgresql_where=sa.text("status = 'pending'"))
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("token", sa.Text()),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("provider_reference", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "status IN ('started', 'succeeded', 'declined', 'failed', 'refunding', 'refunded')",
            name=op.f("ck_payments_status"),
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_payments_amount")),
        sa.CheckConstraint(
            "(due_at IS NOT NULL) = (status IN ('started', 'refunding'))", name=op.f("ck_payments_due_at")
        ),
        sa.CheckConstraint("(token IS NOT NULL) = (status = 'started')", name=op.f("ck_payments_token")),
        sa.CheckConstraint(
            "provider_reference IS NOT NULL OR status IN ('started', 'declined', 'failed')",
            name=op.f("ck_payments_provider_reference"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_payments_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
    )
    op.create_index(op.f("ix_payments_order_id_created_at"), "payments", ["order_id", "created_at"])
    op.create_index(
        "uq_payments_one_an_order",
        "payments",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('started', 'succeeded')"),
    )
    op.create_index("ix_payments_due", "payments", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    op.create_table(
        "provider_messages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_messages")),
    )
    op.create_table(
        "mock_provider_charges",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("declined_because", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refunded_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "refunded_at IS NULL OR declined_because IS NULL", name=op.f("ck_mock_provider_charges_refunded_at")
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_mock_provider_charges")),
        sa.UniqueConstraint("reference", name=op.f("uq_mock_provider_charges_reference")),
    )


def downgrade() -> None:
    for table in ("mock_provider_charges", "provider_messages", "payments"):
        op.drop_table(table)
    op.drop_column("orders", "announced_at")
    op.drop_column("orders", "reserved_until")
