"""`outbox_sent` by days: made ahead, dropped when they are old. Any number of workers may do this at once."""

import contextlib
from datetime import date, timedelta

import asyncpg

PREFIX = "outbox_sent_"
DAYS_AHEAD = 7
DAYS_KEPT = 7
# Any number does, as long as everybody who makes partitions takes the same.
LOCK = 7_310_002
# The relay waits meanwhile.
LOCK_TIMEOUT = "2s"
PARTITIONS = """
    SELECT child.relname FROM pg_inherits
    JOIN pg_class AS child ON child.oid = inhrelid
    WHERE inhparent = 'outbox_sent'::regclass
"""


async def maintain(connection: asyncpg.Connection) -> None:
    """Makes what is missing, then drops what nobody needs any more, if nobody is just reading it."""
    today: date = await connection.fetchval("SELECT (now() AT TIME ZONE 'UTC')::date")
    try:
        await _create_missing(connection, today)
    except asyncpg.LockNotAvailableError:
        # Somebody makes them, or froze while doing so. The week ahead leaves time, as long as there is one for today.
        if name_of(today) not in await _partitions(connection):
            raise
    # Dropping locks the whole table. Whoever reads it goes first: there is another hour.
    with contextlib.suppress(asyncpg.LockNotAvailableError):
        await _drop_before(connection, today - timedelta(days=DAYS_KEPT))


async def _create_missing(connection: asyncpg.Connection, today: date) -> None:
    async with connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        there = await _partitions(connection)
        for offset in range(DAYS_AHEAD + 1):
            day = today + timedelta(days=offset)
            if name_of(day) not in there:
                await _create(connection, day)


async def _drop_before(connection: asyncpg.Connection, oldest: date) -> None:
    for name in sorted(await _partitions(connection)):
        if name.startswith(PREFIX) and name < name_of(oldest):
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                await connection.execute(f"DROP TABLE IF EXISTS {name}")


async def _partitions(connection: asyncpg.Connection) -> set[str]:
    return {row["relname"] for row in await connection.fetch(PARTITIONS)}


def name_of(day: date) -> str:
    return f"{PREFIX}{day:%Y%m%d}"


async def _create(connection: asyncpg.Connection, day: date) -> None:
    # Made apart and attached: that waits for nobody who reads or writes, as CREATE … PARTITION OF would. A dump may
    # read for hours.
    await connection.execute(f"""
        CREATE TABLE {name_of(day)} (LIKE outbox_sent INCLUDING DEFAULTS);
        ALTER TABLE outbox_sent ATTACH PARTITION {name_of(day)}
        FOR VALUES FROM ('{day} 00:00:00+00') TO ('{day + timedelta(days=1)} 00:00:00+00')
    """)
