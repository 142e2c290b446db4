"""What can happen to the servers. Each fault does its harm and ends it; others judge."""

import asyncio
import os
from functools import partial
from random import Random
from typing import Final

import asyncpg
import httpx

from libs.testing.wait import until
from tests.faults.cluster import Cluster
from tests.faults.load import Load

PATIENCE: Final = 180
# Seconds. Longer than anybody waits for a heartbeat.
FROZEN: Final = 30
IN_FLIGHT: Final = """
    SELECT count(*) FROM pg_stat_activity WHERE application_name = 'relay' AND state = 'idle in transaction'
"""
KEPT_WAITING: Final = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%products%'"
EVERYBODY_ELSE: Final = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
LITTLE_MEMORY: Final = "1MB"
ENOUGH_MEMORY: Final = "1GB"


async def broker_dies(stage: Cluster, load: Load, _: Random) -> None:
    """With batches in flight, none of which it has confirmed."""
    broker = stage.servers.rabbitmq
    broker.freeze()
    await until(partial(_count, stage, "catalog", IN_FLIGHT), timeout=PATIENCE)
    await broker.kill()
    await broker.start()
    await load.flows()


async def broker_freezes(stage: Cluster, load: Load, _: Random) -> None:
    """Connections stay, and nothing comes over them any more. What was sent to it arrives when it thaws."""
    broker = stage.servers.rabbitmq
    broker.freeze()
    await asyncio.gather(load.more(50), asyncio.sleep(FROZEN))
    broker.thaw()
    await load.flows()


async def broker_has_no_memory(stage: Cluster, load: Load, _: Random) -> None:
    """It takes nothing from who publishes, and says nothing to those who wait for it."""
    await _limit_memory(stage, LITTLE_MEMORY)

    async def alarmed() -> bool:
        return all(node["mem_alarm"] for node in (await stage.management.get("/api/nodes")).json())

    await until(alarmed, timeout=PATIENCE, every=0.5)
    await load.more(20)
    await _limit_memory(stage, ENOUGH_MEMORY)
    await load.flows()


async def database_dies_while_relaying(stage: Cluster, load: Load, _: Random) -> None:
    """Between the moment when events were sent and the one when that is noted."""
    stage.servers.rabbitmq.freeze()
    try:
        await until(partial(_count, stage, "catalog", IN_FLIGHT), timeout=PATIENCE)
        await stage.servers.postgres.kill()
    finally:
        stage.servers.rabbitmq.thaw()
    await stage.servers.postgres.start()
    await load.flows()


async def database_dies_while_handling(stage: Cluster, load: Load, _: Random) -> None:
    """Handlers of the replica are kept waiting in their transactions until it does."""
    database = await asyncpg.connect(stage.servers.databases["order"])
    try:
        await database.execute("BEGIN")
        await database.execute("LOCK TABLE products IN SHARE MODE")
        await until(partial(_count, stage, "order", KEPT_WAITING), timeout=PATIENCE)
        await stage.servers.postgres.kill()
    finally:
        database.terminate()
    await stage.servers.postgres.start()
    await load.flows()


async def connections_are_exhausted(stage: Cluster, load: Load, _: Random) -> None:
    """The server has none left for the shop, which also loses those that it had."""
    last = await asyncpg.connect(stage.servers.databases["order"])
    database = await last.fetchval("SELECT quote_ident(current_database())")
    try:
        await last.execute(f"ALTER DATABASE {database} CONNECTION LIMIT 1")
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:

            async def shop_has_none() -> bool:
                # One may have slipped in before the limit.
                await last.execute(EVERYBODY_ELSE)
                return await _is_unready(stage, http, "order-api")

            await until(shop_has_none, timeout=PATIENCE, every=0.2)
    finally:
        await last.execute(f"ALTER DATABASE {database} CONNECTION LIMIT -1")
        await last.close()
    await load.flows()


async def _count(stage: Cluster, service: str, query: str) -> int:
    connection = await asyncpg.connect(stage.servers.databases[service])
    try:
        found: int = await connection.fetchval(query)
    finally:
        await connection.close()
    return found


async def _is_unready(stage: Cluster, http: httpx.AsyncClient, name: str) -> bool:
    answer = await http.get(f"{stage.processes[name].url}/health/ready")
    return answer.status_code == httpx.codes.SERVICE_UNAVAILABLE


async def _limit_memory(stage: Cluster, limit: str) -> None:
    spec = stage.servers.rabbitmq.spec
    tool = str(spec.command[0]).replace("rabbitmq-server", "rabbitmqctl")
    asking = await asyncio.create_subprocess_exec(
        *(tool, "--node", "shop@localhost", "set_vm_memory_high_watermark", "absolute", limit),
        env={**os.environ, **spec.env},
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await asking.wait() == 0
