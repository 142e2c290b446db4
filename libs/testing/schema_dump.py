"""A database's schema as text: what is there, whatever way it came about."""

import asyncpg

from libs.database.urls import for_asyncpg

# Partitions belong to the relay, which makes and drops them as days pass.
_RELATIONS = """
    SELECT oid, oid::regclass::text AS name, reloptions, pg_get_partkeydef(oid) AS partitioned_by FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    AND relname <> 'alembic_version' ORDER BY name
"""
_COLUMNS = """
    SELECT attname || ' ' || format_type(atttypid, atttypmod)
           || CASE WHEN attcollation <> typcollation THEN ' COLLATE "' || collname || '"' ELSE '' END
           || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
           || CASE attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY' ELSE '' END
           || coalesce(' DEFAULT ' || pg_get_expr(adbin, adrelid), '') AS line
    FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
    LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
# NOT NULL is told with the columns; newer servers list it here as well.
_CONSTRAINTS = """
    SELECT 'CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(oid) AS line FROM pg_constraint
    WHERE conrelid = $1 AND contype IN ('p', 'u', 'c', 'f', 'x') ORDER BY conname
"""
_INDEXES = """
    SELECT pg_get_indexdef(indexrelid) AS line FROM pg_index
    WHERE indrelid = $1 AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
    ORDER BY indexrelid::regclass::text
"""
_TRIGGERS = (
    "SELECT pg_get_triggerdef(oid) AS line FROM pg_trigger WHERE tgrelid = $1 AND NOT tgisinternal ORDER BY tgname"
)
_FUNCTIONS = """
    SELECT pg_get_functiondef(oid) AS line FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e') ORDER BY proname
"""


async def schema_dump(database_url: str) -> str:
    """Tables with columns, constraints, indexes, storage options and triggers, and functions."""
    connection = await asyncpg.connect(for_asyncpg(database_url))
    try:
        return (
            "\n\n".join(
                [await _table(connection, each) for each in await connection.fetch(_RELATIONS)]
                + [row["line"].rstrip() + ";" for row in await connection.fetch(_FUNCTIONS)]
            )
            + "\n"
        )
    finally:
        await connection.close()


async def _table(connection: asyncpg.Connection, relation: asyncpg.Record) -> str:
    async def lines(query: str) -> list[str]:
        return [row["line"] for row in await connection.fetch(query, relation["oid"])]

    inside = ",\n".join("    " + line for line in [*await lines(_COLUMNS), *await lines(_CONSTRAINTS)])
    partitioned = f" PARTITION BY {relation['partitioned_by']}" if relation["partitioned_by"] else ""
    options = f" WITH ({', '.join(sorted(relation['reloptions']))})" if relation["reloptions"] else ""
    after = [line + ";" for line in [*await lines(_INDEXES), *await lines(_TRIGGERS)]]
    return "\n".join([f"CREATE TABLE {relation['name']} (\n{inside}\n){partitioned}{options};", *after])
