"""What can happen to a cluster of brokers. Each fault does its harm and ends it; others judge."""

import signal
from collections import Counter
from typing import Any, Final

import httpx

from libs.testing.wait import until
from tests.faults.cluster import Cluster
from tests.faults.load import Load
from tests.faults.network import Network
from tests.faults.server import Server

PATIENCE: Final = 300
# Of these a broker that does not hang takes four, and some twenty where processors are scarce.
COMING_BACK: Final = 60
ANSWERED: Final = "SELECT count(*) FROM orders WHERE created_at > $1 AND status <> 'pending'"


async def leader_dies(stage: Cluster, load: Load) -> None:
    """The others choose new ones for its queues, and it comes back to follow them."""
    node = stage.servers.brokers[await _leader(stage)]
    await node.kill()
    await _goes_on(stage)
    await load.flows()
    await node.start()
    await whole(stage)
    await load.flows()


async def all_restart(stage: Cluster, load: Load) -> None:
    """One by one, as for an update: the next one goes when the former is back."""
    for node in stage.servers.brokers:
        node.signal(signal.SIGTERM)
        await node.ended()
        await _goes_on(stage)
        await load.flows()
        await node.start()
        await whole(stage)


async def leader_is_cut_off(stage: Cluster, load: Load, network: Network) -> None:
    """From the other brokers, not from its clients: it has to find out that it may not go on alone."""
    index = await _leader(stage)
    node = stage.servers.brokers[index]
    await network.cut_off(index)

    async def gave_up() -> bool:
        return not await node.spec.ready()

    await until(gave_up, timeout=PATIENCE, every=0.5)
    await _goes_on(stage)
    await load.flows()
    await network.heal(index)
    await _comes_back(stage, node)
    await load.flows()


async def whole(stage: Cluster, *, patience: float = PATIENCE) -> None:
    """Waits until every queue is kept by every broker."""
    count = len(stage.servers.brokers)

    async def everywhere() -> bool:
        queues = await _quorum_queues(stage)
        assert queues
        lacking = {queue["name"]: queue["online"] for queue in queues if len(queue["online"]) < count}
        assert not lacking, lacking
        return True

    await until(everywhere, timeout=patience, every=1)


async def _comes_back(stage: Cluster, node: Server) -> None:
    """By itself, or because whoever runs it restarts it: RabbitMQ 3.10 may hang on its way back from a pause.

    Why stands in docs/architecture/events.md, "On a cluster". Nothing may be lost by that defect either.
    """
    try:
        await whole(stage, patience=COMING_BACK)
    except AssertionError:
        assert not await node.spec.ready()
        print("The broker hung and is restarted.")  # noqa: T201 - whoever runs faults by hand wants to know.
        await node.kill()
        await node.start()
        await whole(stage)


async def _goes_on(stage: Cluster) -> None:
    """Without the one that is away: orders that are placed from now on get their answers."""
    async with stage.databases() as databases:
        now = await databases["order"].fetchval("SELECT now()")
        await until(lambda: databases["order"].fetchval(ANSWERED, now), timeout=PATIENCE, every=0.2)


async def _leader(stage: Cluster) -> int:
    """Of most queues."""
    nodes = [node.spec.env["RABBITMQ_NODENAME"] for node in stage.servers.brokers]
    [(leader, _)] = Counter(queue["leader"] for queue in await _quorum_queues(stage)).most_common(1)
    return nodes.index(leader)


async def _quorum_queues(stage: Cluster) -> list[dict[str, Any]]:
    try:
        answer = await stage.management.get("/api/queues", params={"columns": "name,type,leader,online"})
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise OSError(str(error)) from error
    return [queue for queue in answer.json() if queue["type"] == "quorum"]
