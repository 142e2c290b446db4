"""When everything that was begun has come to its end, and what there is then."""

import asyncio
import json
from typing import Final

import aio_pika
import asyncpg

from libs.testing.wait import until
from ops.verify.databases import Databases
from ops.verify.verification import verify
from tests.faults.cluster import Cluster
from tests.faults.invariants import check_invariants
from tests.faults.write_log import Findings

# Seconds. A connection that was lost, an order that was not answered and a relay that froze are each waited for.
PATIENCE: Final = 300
UNFINISHED: Final = {
    "orders without an answer": ("order", "SELECT count(*) FROM orders WHERE status = 'pending'"),
    "payments without an outcome": (
        "order",
        "SELECT count(*) FROM payments WHERE status IN ('started', 'refunding')",
    ),
    **{f"{name}'s outbox": (name, "SELECT count(*) FROM outbox") for name in ("auth", "catalog", "order")},
    **{
        f"{name}'s snapshot_requests": (name, "SELECT count(*) FROM snapshot_requests WHERE done_at IS NULL")
        for name in ("auth", "catalog")
    },
}


async def wait_until_quiescent(stage: Cluster, *, with_parked: bool = False) -> Findings:
    """Waits for it. Raises where it does not come, or where replicas or books differ.

    Nothing may be parked, unless the caller looks at that.
    """
    await asyncio.gather(*(process.is_ready() for process in stage.processes.values()))
    async with stage.databases() as databases:

        async def still() -> bool:
            try:
                waits = {**await _unfinished(databases), **await stage.waiting()}
            except (aio_pika.exceptions.AMQPError, asyncpg.PostgresError) as error:
                raise OSError(str(error)) from error
            if with_parked:
                waits = {name: count for name, count in waits.items() if not name.endswith(".parked")}
            assert not waits, waits
            return True

        await until(still, timeout=PATIENCE, every=0.5)
        # What was taken from its queue may still be in somebody's hands.
        report = await verify(databases, repairer=None, patience=60)
        assert report.is_clean, json.dumps(report.as_json(), indent=1)

        async def judged() -> Findings:
            findings = await check_invariants(stage.ledger, databases)
            assert not findings.lost, (findings.numbers, findings.lost[:5])
            return findings

        findings: Findings = await until(judged, timeout=60, every=0.5)
    print(findings.numbers)  # noqa: T201 - what people who run a soak read
    assert not findings.duplicated, findings.duplicated
    assert not findings.unexpected, findings.unexpected
    return findings


async def _unfinished(databases: Databases) -> dict[str, int]:
    counts = {what: await databases[name].fetchval(query) for what, (name, query) in UNFINISHED.items()}
    return {what: count for what, count in counts.items() if count}
