"""Replica rows brought back to what their owner says, while both go on changing."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

import asyncpg

from ops.admin.errors import OperatorError
from ops.verify.comparison import POLL, Difference, wait_until_converged
from ops.verify.replicas import STUCK, Replica

# A version that everything is newer than. Where the row has changed meanwhile, it has mended itself.
DISTRUST: Final = """
    UPDATE {table} SET version = 0 FROM unnest($1::uuid[], $2::bigint[]) AS seen (id, version)
    WHERE {table}.id = seen.id AND {table}.version = seen.version
"""
ASK: Final = "INSERT INTO snapshot_requests (queue, ids, requested_by) VALUES ($1, $2, $3) RETURNING id"
PROGRESS: Final = "SELECT published, done_at IS NOT NULL AS done FROM snapshot_requests WHERE id = $1"


async def repair(
    replica: Replica,
    owner: asyncpg.Pool,
    follower: asyncpg.Pool,
    found: Sequence[Difference],
    *,
    operator: str,
    patience: float,
) -> Sequence[Difference]:
    """What still differs of these rows when, of all that the owner tells again, nothing came for `patience` seconds."""
    stuck = [(each.id, each.replica_state.version) for each in found if each.kind in STUCK and each.replica_state]
    if stuck:
        ids, versions = zip(*stuck, strict=True)
        await follower.execute(DISTRUST.format(table=replica.table), ids, versions)
    await request_snapshots(replica, owner, [each.id for each in found], operator=operator, patience=patience)
    return await wait_until_converged(replica, owner, follower, found, patience=patience, stuck=frozenset())


async def request_snapshots(
    replica: Replica,
    owner: asyncpg.Pool,
    ids: Sequence[UUID] | None,
    *,
    operator: str,
    patience: float,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Returns when the owner has put all of it into its outbox. No progress for `patience` seconds is an error."""
    asked = await owner.fetchval(ASK, replica.name, ids, operator)
    published, since = -1, time.monotonic()
    while True:
        state = await owner.fetchrow(PROGRESS, asked)
        if state["published"] > published:
            published, since = state["published"], time.monotonic()
            progress(published)
        if state["done"]:
            return
        if time.monotonic() - since > patience:
            raise OperatorError(f"{replica.owner}'s worker published {published} rows and then no more; is it running?")
        await asyncio.sleep(POLL)
