"""When to look again for what still names a deleted user."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("deleted_users", sa.Column("erase_at", sa.DateTime(timezone=True)))
    # Those who left before are looked at as well.
    op.execute("UPDATE deleted_users SET erase_at = deleted_at")
    op.alter_column("deleted_users", "erase_at", server_default=sa.text("clock_timestamp() + interval '5 seconds'"))
    op.create_index(
        "ix_deleted_users_erase_at", "deleted_users", ["erase_at"], postgresql_where=sa.text("erase_at IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_deleted_users_erase_at", "deleted_users")
    op.drop_column("deleted_users", "erase_at")
