"""What was told already goes once more to one queue that may have missed it, under the ids that it had.

Everything kept is copied into the outbox, addressed to the queue. Readers keep the newest version of each thing and
note what they must not do twice by more than the event's arrival, so what they had heard changes nothing.
"""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import asyncpg

from libs.database.timeouts import CONNECT_TIMEOUT
from libs.database.urls import for_asyncpg
from libs.outbox.partitions import PARTITIONS, name_of
from libs.outbox.store import CHANNEL

# Each portion is a transaction of a fraction of a second, so that vacuum can follow the relay.
ROWS: Final = 5_000
PAGES: Final = 500

# It waits until news is through, as everything does that has a date here. The time of the event stays its own.
_COPY: Final = """
    INSERT INTO outbox
        (event_id, aggregate, aggregate_id, version, type, payload, headers, created_at, queue, next_attempt_at)
    SELECT event_id, aggregate, aggregate_id, version, type, payload, headers, created_at, $1, clock_timestamp()
    FROM {source} WHERE queue = '' AND type ~ $2 AND created_at >= $3
    ORDER BY id
    ON CONFLICT DO NOTHING
"""
_SENT: Final = "(SELECT * FROM {partition} WHERE ctid >= $4 AND ctid < $5) AS portion"
_WAITING: Final = """
    WITH portion AS (SELECT * FROM outbox WHERE id > $4 AND id <= $5 ORDER BY id LIMIT $6), copied AS ({copy})
    SELECT max(id) FROM portion
"""
# Any number does, as long as everybody who replays takes the same.
_LOCK: Final = "SELECT pg_try_advisory_lock(7310003, hashtext($1))"
# A worker that froze while it replayed lets another one begin.
_FROZEN: Final = "60s"
_PAGES: Final = "SELECT pg_relation_size($1::text::regclass) / current_setting('block_size')::bigint"


@asynccontextmanager
async def replay_session(database_url: str, queue: str) -> AsyncIterator[asyncpg.Connection | None]:
    """A connection for `replay`, or None while another worker replays to this queue."""
    connection = await asyncpg.connect(
        for_asyncpg(database_url),
        timeout=CONNECT_TIMEOUT,
        command_timeout=60.0,
        server_settings={"application_name": "replay", "idle_session_timeout": _FROZEN, "tcp_user_timeout": _FROZEN},
    )
    try:
        yield connection if await connection.fetchval(_LOCK, queue) else None
    finally:
        connection.terminate()


async def replay(
    connection: asyncpg.Connection, queue: str, patterns: Iterable[str], since: datetime
) -> AsyncIterator[None]:
    """Yields after each portion. Whoever had the queue bound before misses nothing that has happened since.

    What waits comes first: a relay may have published it before the queue was bound, and moves it to what was sent
    only now. Read in this order each event is found in one of the two, whatever is moved between the portions.
    """
    what = (queue, _as_regex(patterns), since)
    last, newest = 0, await connection.fetchval("SELECT max(id) FROM outbox")
    copy = _WAITING.format(copy=_COPY.format(source="portion"))
    while newest is not None and (last := await connection.fetchval(copy, *what, last, newest, ROWS)):
        yield
    for partition in sorted(row["relname"] for row in await connection.fetch(PARTITIONS)):
        if partition >= name_of(since.date()):
            async for _ in _replay_partition(connection, partition, *what):
                yield
    await connection.execute(f"NOTIFY {CHANNEL}")


async def _replay_partition(
    connection: asyncpg.Connection, partition: str, queue: str, types: str, since: datetime
) -> AsyncIterator[None]:
    """By pages: what was sent is never changed, and has no index that costs the relay something."""
    copy = _COPY.format(source=_SENT.format(partition=partition))
    try:
        pages = await connection.fetchval(_PAGES, partition)
        for page in range(0, pages, PAGES):
            await connection.execute(copy, queue, types, since, (page, 0), (page + PAGES, 0))
            yield
    except asyncpg.UndefinedTableError:
        # It has become too old, and a relay has dropped it.
        return


def _as_regex(patterns: Iterable[str]) -> str:
    """A topic exchange's patterns, as PostgreSQL matches types."""
    return "^(" + "|".join(r"\.".join(map(_word, pattern.split("."))) for pattern in patterns) + ")$"


def _word(word: str) -> str:
    return "[^.]+" if word == "*" else re.escape(word)
