"""What can happen to the way to the broker, and from an exchange to a queue. Each fault does its harm; others judge."""

import asyncio
from random import Random
from typing import Final

import asyncpg

from libs.contracts.topology import CATALOG_ORDERS, ORDER_PRODUCTS, ORDER_STOCK
from libs.testing.wait import until
from tests.faults.cluster import Cluster
from tests.faults.load import Load

PATIENCE: Final = 180
# Seconds.
HALF_OPEN: Final = 60
UNTOLD: Final = "SELECT count(*) FROM outbox WHERE created_at <= $1"


async def way_is_half_open(service: str, stage: Cluster, load: Load, _: Random) -> None:
    """Whatever the worker holds open to the broker carries nothing for a minute, and neither side is told.

    It has to notice, and to go on over new connections while the old ones are still there.
    """
    proxy = stage.proxies[f"{service}-worker"]
    proxy.blackhole()
    minute = asyncio.create_task(asyncio.sleep(HALF_OPEN))
    # Orders get their answers only from consumers that read.
    await load.flows()
    await _tells(stage, service)
    assert proxy.working, "it goes on without a connection"
    await minute
    assert proxy.blackholed, "what was to be half open has been closed"


async def way_is_cut(service: str, stage: Cluster, load: Load, _: Random) -> None:
    proxy = stage.proxies[f"{service}-worker"]
    await proxy.cut()
    await load.more(20)
    await proxy.restore()
    await load.flows()


async def binding_is_deleted(stage: Cluster, load: Load, dice: Random) -> None:
    await stage.unbind(dice.choice((ORDER_PRODUCTS, ORDER_STOCK, CATALOG_ORDERS)))
    await load.flows()


async def _tells(stage: Cluster, service: str) -> None:
    """Returns when all events of before now are out."""
    connection = await asyncpg.connect(stage.servers.databases[service])
    try:
        now = await connection.fetchval("SELECT now()")

        async def told() -> bool:
            return not await connection.fetchval(UNTOLD, now)

        await until(told, timeout=PATIENCE, every=0.2)
    finally:
        await connection.close()
