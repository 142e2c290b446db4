"""Ledgers find the few people who are named in them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index(
        "ix_stock_ledger_named", "stock_ledger", ["actor_id"], postgresql_where=sa.text("actor <> 'deleted user'")
    )


def downgrade() -> None:
    op.drop_index("ix_stock_ledger_named", "stock_ledger")
