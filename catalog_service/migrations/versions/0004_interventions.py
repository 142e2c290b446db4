"""What people did to messages that nobody could handle."""

from alembic import op

from libs.messaging.migrations import create_interventions

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    create_interventions()


def downgrade() -> None:
    op.drop_table("interventions")
