"""E-mails to customers about their orders: those that wait to be sent, and what became of the others."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "emails",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_version", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("currency", sa.Text()),
        sa.Column("lines", JSONB()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text()),
        sa.Column("traceparent", sa.Text()),
        sa.CheckConstraint("status IN ('waiting', 'sent', 'refused', 'unaddressed')", name=op.f("ck_emails_status")),
        sa.CheckConstraint(
            "num_nonnulls(currency, lines, due_at) = CASE status WHEN 'waiting' THEN 3 ELSE 0 END",
            name=op.f("ck_emails_content"),
        ),
        sa.CheckConstraint("(settled_at IS NULL) = (status = 'waiting')", name=op.f("ck_emails_settled_at")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_emails_order_id_orders")),
        sa.PrimaryKeyConstraint("order_id", "order_version", name=op.f("pk_emails")),
    )
    op.create_index("ix_emails_due", "emails", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))


def downgrade() -> None:
    op.drop_table("emails")
