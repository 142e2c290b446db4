"""Owner against replica while both are in use: first 256 sums on each side, then the rows of the sums that differ."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from ops.verify.replicas import GONE, Kind, Replica

POLL: Final = 0.1
# The last byte of an id is random: rows spread evenly, and a bucket says nothing about when they were made.
BUCKET: Final = "get_byte(uuid_send(id), 15)"
SUMS: Final = f"""
    SELECT {BUCKET} AS bucket, count(*) AS rows, sum(version)::text AS versions,
           sum(('x' || left(md5(concat_ws(' ', id, version, state)), 15))::bit(60)::bigint)::text AS hash
    FROM ({{rows}}) AS row GROUP BY 1
"""  # noqa: S608 - made of constants
OF_BUCKETS: Final = f"SELECT id, version, state FROM ({{rows}}) AS row WHERE {BUCKET} = ANY($1::int[])"  # noqa: S608
OF_IDS: Final = "SELECT id, version, state FROM ({rows}) AS row WHERE id = ANY($1::uuid[])"


@dataclass(frozen=True, slots=True)
class Row:
    version: int
    state: str


@dataclass(frozen=True, slots=True)
class Difference:
    id: UUID
    kind: Kind
    owner_state: Row | None
    replica_state: Row | None


@dataclass(frozen=True, slots=True)
class Comparison:
    replica: str
    rows: int
    """How many the owner has published."""
    differences: Sequence[Difference]


async def compare(replica: Replica, owner: asyncpg.Pool, follower: asyncpg.Pool, *, patience: float) -> Comparison:
    """What is on its way does not count: it waits as long as differences vanish, at least one every `patience` seconds.

    The follower is always read before the owner, so that one which keeps up is never ahead of what is read there.
    """
    kept = await _sums(follower, replica.replica_sql)
    owned = await _sums(owner, replica.owner_sql)
    rows = sum(row["rows"] for row in owned.values())
    buckets = [bucket for bucket in owned.keys() | kept.keys() if owned.get(bucket) != kept.get(bucket)]
    if not buckets:
        return Comparison(replica.name, rows, [])
    kept_rows = _by_id(await follower.fetch(OF_BUCKETS.format(rows=replica.replica_sql), buckets))
    told_rows = _by_id(await owner.fetch(OF_BUCKETS.format(rows=replica.owner_sql), buckets))
    found = _differences(told_rows.keys() | kept_rows.keys(), told_rows, kept_rows)
    left = await wait_until_converged(replica, owner, follower, found, patience=patience, stuck=replica.unrecoverable)
    return Comparison(replica.name, rows, left)


async def wait_until_converged(
    replica: Replica,
    owner: asyncpg.Pool,
    follower: asyncpg.Pool,
    found: Sequence[Difference],
    *,
    patience: float,
    stuck: frozenset[Kind],
) -> Sequence[Difference]:
    """What differs of these rows when all that is left is stuck, or has not become less for `patience` seconds.

    A row that has come to the version which the owner had at first is following, however much has happened since. So
    is one that agreed with its owner once: a shop that is busy may have changed it again by the next look.
    """
    due = {each.id: each.owner_state.version if each.owner_state else 0 for each in found}
    fewest, since = len(found), time.monotonic()
    while any(each.kind not in stuck for each in found) and time.monotonic() - since < patience:
        await asyncio.sleep(POLL)
        kept = _by_id(await follower.fetch(OF_IDS.format(rows=replica.replica_sql), list(due)))
        owned = _by_id(await owner.fetch(OF_IDS.format(rows=replica.owner_sql), list(due)))
        found = [each for each in _differences(due, owned, kept) if not _has_followed(each, due[each.id])]
        due = {each.id: due[each.id] for each in found}
        if len(found) < fewest:
            fewest, since = len(found), time.monotonic()
    return found


def _has_followed(difference: Difference, due: int) -> bool:
    return (
        difference.kind is Kind.BEHIND
        and difference.replica_state is not None
        and difference.replica_state.version >= due
    )


async def _sums(connection: asyncpg.Pool, rows: str) -> dict[int, asyncpg.Record]:
    return {row["bucket"]: row for row in await connection.fetch(SUMS.format(rows=rows))}


def _by_id(rows: Sequence[asyncpg.Record]) -> dict[UUID, Row]:
    return {UUID(bytes=row["id"].bytes): Row(row["version"], row["state"]) for row in rows}


def _differences(ids: Iterable[UUID], owned: Mapping[UUID, Row], kept: Mapping[UUID, Row]) -> list[Difference]:
    pairs = ((each, owned.get(each), kept.get(each)) for each in sorted(ids))
    return [Difference(each, kind, one, other) for each, one, other in pairs if (kind := _kind(one, other))]


def _kind(owned: Row | None, kept: Row | None) -> Kind | None:
    if owned == kept:
        return None
    if owned is None:
        # A tombstone is how the replica gets rid of what its owner has never heard of.
        return Kind.UNKNOWN if kept and kept.state != GONE else None
    if kept is None:
        return Kind.MISSING
    if kept.version == owned.version:
        return Kind.DAMAGED
    return Kind.BEHIND if kept.version < owned.version else Kind.AHEAD
