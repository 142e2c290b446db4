"""When to look again for what still names a deleted user."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("users", sa.Column("erase_at", sa.DateTime(timezone=True)))
    # Those who left before are looked at as well.
    op.execute("UPDATE users SET erase_at = deleted_at WHERE deleted_at IS NOT NULL")
    op.create_index("ix_users_erase_at", "users", ["erase_at"], postgresql_where=sa.text("erase_at IS NOT NULL"))
    op.create_check_constraint(
        op.f("ck_users_erase_at"), "users", sa.text("erase_at IS NULL OR deleted_at IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_users_erase_at"), "users")
    op.drop_index("ix_users_erase_at", "users")
    op.drop_column("users", "erase_at")
