"""A replica filled anew by its owner, for one that is new, was emptied or lost much."""

from collections.abc import Callable
from typing import Final

from ops.admin.errors import OperatorError
from ops.verify.comparison import compare
from ops.verify.databases import Databases
from ops.verify.repair import repair, request_snapshots
from ops.verify.replicas import REPLICAS, Replica
from ops.verify.verification import REPAIR_PATIENCE, ReplicaResult

MARK: Final = """
    INSERT INTO replica_rebuilds (queue, requested_by) VALUES ($1, $2)
    ON CONFLICT (queue) DO UPDATE SET since = now(), requested_by = excluded.requested_by
"""
UNMARK: Final = "DELETE FROM replica_rebuilds WHERE queue = $1"
COUNT: Final = "SELECT count(*) FROM ({rows}) AS row"


async def rebuild(
    databases: Databases, name: str, *, operator: str, progress: Callable[[int, int], None]
) -> ReplicaResult:
    """All of the owner's rows told again, then compared, and what was damaged repaired.

    The follower's worker is not ready until owner and replica agree; if this breaks off, it stays so until the next.
    `progress` hears how many were told, and of how many. Raises `OperatorError` if nobody tells.
    """
    replica = _named(name)
    owner, follower = databases[replica.owner], databases[replica.follower]
    rows = await owner.fetchval(COUNT.format(rows=replica.owner_sql))
    await follower.execute(MARK, name, operator)
    await request_snapshots(
        replica,
        owner,
        None,
        operator=operator,
        patience=REPAIR_PATIENCE,
        progress=lambda told: progress(told, max(told, rows)),
    )
    compared = await compare(replica, owner, follower, patience=REPAIR_PATIENCE)
    found = left = compared.differences
    if found:
        left = await repair(replica, owner, follower, found, operator=operator, patience=REPAIR_PATIENCE)
    if not left:
        await follower.execute(UNMARK, name)
    return ReplicaResult(name, compared.rows, found, left)


def _named(name: str) -> Replica:
    replica = next((each for each in REPLICAS if each.name == name), None)
    if replica is None:
        raise OperatorError(f"There is no replica {name}. There are: {', '.join(each.name for each in REPLICAS)}")
    return replica
