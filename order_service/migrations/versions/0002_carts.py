"""Carts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "carts",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version >= 0", name=op.f("ck_carts_version")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_carts")),
    )
    op.create_table(
        "cart_lines",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("position BETWEEN 1 AND 100", name=op.f("ck_cart_lines_position")),
        sa.CheckConstraint("quantity BETWEEN 1 AND 999", name=op.f("ck_cart_lines_quantity")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["carts.user_id"], name=op.f("fk_cart_lines_user_id_carts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "product_id", name=op.f("pk_cart_lines")),
        sa.UniqueConstraint(
            "user_id",
            "position",
            name=op.f("uq_cart_lines_user_id_position"),
            deferrable=True,
            initially="IMMEDIATE",
        ),
    )


def downgrade() -> None:
    op.drop_table("cart_lines")
    op.drop_table("carts")
