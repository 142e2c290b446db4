"""Which trace a mail belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("notifications", sa.Column("traceparent", sa.Text))


def downgrade() -> None:
    op.drop_column("notifications", "traceparent")
