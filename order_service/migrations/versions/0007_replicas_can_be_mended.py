"""The replicas of users and products can be rebuilt and distrusted."""

import sqlalchemy as sa
from alembic import op

from libs.messaging.migrations import create_rebuilds

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    create_rebuilds()
    for table in ("users", "products"):
        op.drop_constraint(op.f(f"ck_{table}_version"), table)
        op.create_check_constraint(op.f(f"ck_{table}_version"), table, sa.text("version >= 0"))


def downgrade() -> None:
    for table in ("users", "products"):
        # What is not believed is to be told again anyway, and a row that is missing waits for it as well.
        op.execute(sa.text(f"DELETE FROM {table} WHERE version = 0"))  # noqa: S608
        op.drop_constraint(op.f(f"ck_{table}_version"), table)
        op.create_check_constraint(op.f(f"ck_{table}_version"), table, sa.text("version >= 1"))
    op.drop_table("rebuilds")
