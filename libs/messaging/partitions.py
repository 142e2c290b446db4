"""`outbox_sent` by days: made ahead, dropped when they are old. Any number of workers may do this at once."""

import contextlib
from datetime import date, timedelta

import asyncpg

PREFIX = "outbox_sent_"
DAYS_AHEAD = 7
DAYS_KEPT = 7
# Any number does, as long as everybody who makes partitions takes the same.
LOCK = 7_310_002
PARTITIONS = """
    SELECT child.relname FROM pg_inherits
    JOIN pg_class AS child ON child.oid = inhrelid
    WHERE inhparent = 'outbox_sent'::regclass
"""


async def maintain(connection: asyncpg.Connection) -> None:
    """Makes what is missing, then drops what nobody needs any more, if nobody is just reading it."""
    today: date = await connection.fetchval("SELECT (now() AT TIME ZONE 'UTC')::date")
    async with connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = '10s'")
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        there = await _partitions(connection)
        for offset in range(DAYS_AHEAD + 1):
            day = today + timedelta(days=offset)
            if _name(day) not in there:
                await connection.execute(_create(day))
    # Dropping locks the whole table. Whoever reads it goes first: there is another hour.
    with contextlib.suppress(asyncpg.LockNotAvailableError):
        await _drop_before(connection, today - timedelta(days=DAYS_KEPT))


async def _drop_before(connection: asyncpg.Connection, oldest: date) -> None:
    for name in sorted(await _partitions(connection)):
        if name.startswith(PREFIX) and name < _name(oldest):
            async with connection.transaction():
                await connection.execute("SET LOCAL lock_timeout = '2s'")
                await connection.execute(f"DROP TABLE IF EXISTS {name}")


async def _partitions(connection: asyncpg.Connection) -> set[str]:
    return {row["relname"] for row in await connection.fetch(PARTITIONS)}


def _name(day: date) -> str:
    return f"{PREFIX}{day:%Y%m%d}"


def _create(day: date) -> str:
    return f"""
        CREATE TABLE {_name(day)} PARTITION OF outbox_sent
        FOR VALUES FROM ('{day} 00:00:00+00') TO ('{day + timedelta(days=1)} 00:00:00+00')
    """
