"""Whoever keeps products in memory is told which have changed, whoever changed them."""

from alembic import op

revision = "0006"
down_revision = "0005"

# A payload has 8,000 bytes at most. Without any it stands for all products.
TELL = """
    CREATE FUNCTION tell_changed_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('products_changed', CASE WHEN count(*) <= 200 THEN string_agg({id}::text, ',') ELSE '' END)
        FROM changed HAVING count(*) > 0;
        RETURN NULL;
    END $$
"""
AFTER = """
    CREATE TRIGGER tell_{event}d AFTER {event} ON {table}
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tell_changed_{table}()
"""
TELL_ALL = """
    CREATE FUNCTION tell_all_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('products_changed', '');
        RETURN NULL;
    END $$
"""
AFTER_TRUNCATE = """
    CREATE TRIGGER tell_truncated AFTER TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION tell_all_changed()
"""
TABLES = {"products": "id", "stock": "product_id"}


def upgrade() -> None:
    op.execute(TELL_ALL)
    for table, identity in TABLES.items():
        op.execute(TELL.format(table=table, id=identity))
        for event in ("update", "delete"):
            op.execute(AFTER.format(table=table, event=event))
        op.execute(AFTER_TRUNCATE.format(table=table))


def downgrade() -> None:
    for table in TABLES:
        for event in ("update", "delete"):
            op.execute(f"DROP TRIGGER tell_{event}d ON {table}")
        op.execute(f"DROP TRIGGER tell_truncated ON {table}")
        op.execute(f"DROP FUNCTION tell_changed_{table}()")
    op.execute("DROP FUNCTION tell_all_changed()")
