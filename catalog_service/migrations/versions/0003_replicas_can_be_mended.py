"""Products can be told of once more, and the replica of users can be rebuilt and distrusted."""

import sqlalchemy as sa
from alembic import op

from libs.messaging.migrations import create_announcements, create_rebuilds

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    create_announcements()
    create_rebuilds()
    op.drop_constraint(op.f("ck_users_version"), "users")
    op.create_check_constraint(op.f("ck_users_version"), "users", sa.text("version >= 0"))
    op.alter_column("users", "version", server_default=None)


def downgrade() -> None:
    # What is not believed is to be told again anyway, and a row that is missing waits for it as well.
    op.execute("DELETE FROM users WHERE version = 0")
    op.alter_column("users", "version", server_default=sa.text("1"))
    op.drop_constraint(op.f("ck_users_version"), "users")
    op.create_check_constraint(op.f("ck_users_version"), "users", sa.text("version >= 1"))
    op.drop_table("rebuilds")
    op.drop_table("announcements")
