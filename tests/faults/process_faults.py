"""What can happen to a process of the shop. Each fault does its harm and ends it; others judge what came of it."""

from functools import partial
from random import Random
from typing import Final

from libs.contracts.topology import ORDER_PRODUCTS, ORDER_STOCK, TRACE
from libs.testing.wait import until
from tests.faults.cluster import Cluster
from tests.faults.load import Load
from tests.faults.processes import Process

PATIENCE: Final = 180


async def api_dies(service: str, step: str, stage: Cluster, load: Load, dice: Random) -> None:
    """At one of its commits: before it, so that nobody may see anything of it, or after it, before it could answer."""
    api = stage.processes[f"{service}-api"]
    await api.kill()
    await api.start(f"commit.{step}@{dice.randint(2, 9)}")
    await api.died()
    await api.start()
    await load.flows()


async def worker_dies(service: str, step: str, stage: Cluster, load: Load, dice: Random) -> None:
    worker = stage.processes[f"{service}-worker"]
    await worker.kill()
    await worker.start(f"{step}@{dice.randint(1, 5)}")
    await worker.died()
    await worker.start()
    await load.flows()


async def relay_dies_half_confirmed(stage: Cluster, load: Load, dice: Random) -> None:
    """The broker has a whole batch, and of its confirms only some have come back."""
    worker, proxy = stage.processes["catalog-worker"], stage.proxies["catalog-worker"]
    await worker.kill()
    await load.products(60)
    # In a long soak it holds as many as it may, and one more would not be seen.
    await stage.purge(TRACE)
    # More than what is said before the first event, and less than all the confirms of such a batch.
    proxy.blackhole_after(dice.randint(3_000, 6_000))
    await worker.launch()

    async def some_are_out() -> bool:
        return await stage.waiting_in(TRACE) > 0

    await until(some_are_out, timeout=PATIENCE, every=0.1)
    await worker.kill()
    await worker.start()


async def worker_freezes_while_another_runs(stage: Cluster, load: Load, _: Random) -> None:
    """Its connections are given up by the broker, its work is done by the other, and then it goes on."""
    worker = stage.processes["order-worker"]
    other = Process(worker.module, worker.environment, worker.logs, stage.servers.take_port(), worker.nursery)
    await other.start()
    worker.freeze()
    try:
        await until(partial(_has_readers, stage, 1), timeout=PATIENCE, every=0.5)
        await load.flows()
        worker.thaw()
        await load.flows()
    finally:
        await other.stop()


async def consumer_dies_ten_times(stage: Cluster, load: Load, _: Random) -> None:
    """Each time with all that it had fetched, so that the broker counts a delivery of all of it."""
    worker = stage.processes["order-worker"]
    await worker.kill()
    await load.products(40)
    for _time in range(10):
        await worker.launch()
        await until(partial(_has_readers, stage, 1), timeout=PATIENCE, every=0.2)
        await worker.kill()
    await worker.start()


async def consumer_freezes(stage: Cluster, load: Load, _: Random) -> None:
    """For longer than the broker waits for a heartbeat."""
    worker = stage.processes["order-worker"]
    worker.freeze()
    await until(partial(_has_readers, stage, 0), timeout=PATIENCE, every=0.5)
    worker.thaw()
    await load.flows()


async def _has_readers(stage: Cluster, count: int) -> bool:
    return await stage.readers(ORDER_PRODUCTS.name, ORDER_STOCK.name) == {count}
