"""Descending the tree of categories needs one index and no table."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.drop_index("ix_categories_parent_id", "categories")
    op.create_index("ix_categories_parent_id", "categories", ["parent_id"], postgresql_include=["id"])


def downgrade() -> None:
    op.drop_index("ix_categories_parent_id", "categories")
    op.create_index("ix_categories_parent_id", "categories", ["parent_id"])
