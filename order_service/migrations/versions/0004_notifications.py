"""Which news of an order its customer was told of."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "notifications",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_version", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_notifications_order_id_orders")),
        sa.PrimaryKeyConstraint("order_id", "order_version", name=op.f("pk_notifications")),
    )


def downgrade() -> None:
    op.drop_table("notifications")
