"""Users can be told of once more, to one queue."""

from alembic import op

from libs.messaging.migrations import create_announcements

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    create_announcements()


def downgrade() -> None:
    op.drop_table("announcements")
