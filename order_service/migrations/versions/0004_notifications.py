"""What customers were told of their orders, and the mails that wait to be posted."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "notifications",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_version", sa.BigInteger(), nullable=False),
        sa.Column("order_status", sa.Text(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text()),
        sa.Column("text", sa.Text()),
        sa.Column("html", sa.Text()),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text()),
        sa.CheckConstraint(
            "order_status IN ('pending', 'awaiting_payment', 'rejected', 'paid', 'cancelled', 'expired', 'refunded', "
            "'shipped', 'delivered')",
            name=op.f("ck_notifications_order_status"),
        ),
        sa.CheckConstraint(
            "delivery IN ('waiting', 'sent', 'refused', 'unaddressed')", name=op.f("ck_notifications_delivery")
        ),
        sa.CheckConstraint(
            "num_nonnulls(subject, text, html, due_at) = CASE delivery WHEN 'waiting' THEN 4 ELSE 0 END",
            name=op.f("ck_notifications_letter"),
        ),
        sa.CheckConstraint("(settled_at IS NULL) = (delivery = 'waiting')", name=op.f("ck_notifications_settled_at")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_notifications_order_id_orders")),
        sa.PrimaryKeyConstraint("order_id", "order_version", name=op.f("pk_notifications")),
    )
    op.create_index("ix_notifications_due", "notifications", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))


def downgrade() -> None:
    op.drop_table("notifications")
