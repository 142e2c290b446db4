"""Everything that must hold of the whole shop, looked at once."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ops.verify.comparison import Difference, compare
from ops.verify.databases import Databases
from ops.verify.invariants import ASKED, HELD_STOCK, INVARIANTS, Invariant, broken
from ops.verify.repair import repair
from ops.verify.replicas import REPLICAS, Replica

PATIENCE: Final = 3.0
# A repair waits for a worker, its relay, the broker and another worker.
REPAIR_PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class ReplicaResult:
    replica: str
    rows: int
    found: Sequence[Difference]
    left: Sequence[Difference]
    """After the repair, if there was one."""

    def as_json(self) -> dict[str, Any]:
        kinds = Counter(each.kind.value for each in self.found)
        left = [{"id": str(each.id), "kind": each.kind.value, **_versions(each)} for each in self.left]
        return {"replica": self.replica, "rows": self.rows, "found": dict(kinds), "left": left}


@dataclass(frozen=True, slots=True)
class InvariantResult:
    says: str
    broken: Sequence[str]


@dataclass(frozen=True, slots=True)
class Report:
    replicas: Sequence[ReplicaResult]
    rules: Sequence[InvariantResult]

    @property
    def is_clean(self) -> bool:
        return not any(each.left for each in self.replicas) and not any(each.broken for each in self.rules)

    def as_json(self) -> dict[str, Any]:
        rules = [{"rule": each.says, "broken": list(each.broken)} for each in self.rules]
        return {"is_clean": self.is_clean, "replicas": [each.as_json() for each in self.replicas], "rules": rules}


def _versions(difference: Difference) -> dict[str, int | None]:
    told, kept = difference.owner_state, difference.replica_state
    return {"owner_version": told.version if told else None, "replica_version": kept.version if kept else None}


async def verify(databases: Databases, *, repairer: str | None, patience: float = PATIENCE) -> Report:
    """Without a `repairer`, a person's name for the record, it only looks.

    All replicas at once, as most of the time is spent waiting for what is on its way.
    """
    replicas = await asyncio.gather(
        *(_replica(databases, replica, repairer=repairer, patience=patience) for replica in REPLICAS),
        _stock(databases, patience),
    )
    return Report(replicas, [await _rule(databases, rule) for rule in INVARIANTS])


async def _replica(databases: Databases, replica: Replica, *, repairer: str | None, patience: float) -> ReplicaResult:
    owner, follower = databases[replica.owner], databases[replica.follower]
    compared = await compare(replica, owner, follower, patience=patience)
    left = compared.differences
    if left and repairer is not None:
        left = await repair(replica, owner, follower, left, operator=repairer, patience=REPAIR_PATIENCE)
    return ReplicaResult(replica.name, compared.rows, compared.differences, left)


async def _stock(databases: Databases, patience: float) -> ReplicaResult:
    """Catalog's stock against the orders. Whatever is asked for just now may have been answered or not."""
    owner, follower = databases[HELD_STOCK.owner], databases[HELD_STOCK.follower]
    compared = await compare(HELD_STOCK, owner, follower, patience=patience)
    found = [each for each in compared.differences if each.owner_state is None or each.owner_state.state != ASKED]
    return ReplicaResult(HELD_STOCK.name, compared.rows, found, found)


async def _rule(databases: Databases, rule: Invariant) -> InvariantResult:
    return InvariantResult(
        rule.says, [f"{row['id']}: {row['found']}" for row in await broken(rule, databases[rule.service])]
    )
