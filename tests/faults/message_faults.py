"""What can happen to messages, and who may come late to them. Each fault does its harm; others judge."""

from random import Random
from typing import Final

import asyncpg

from libs.broker.confirmed_channel import ConfirmedChannel
from libs.contracts.topology import AUTH_EVENTS, CATALOG_EVENTS, ORDER_EVENTS, ORDER_PRODUCTS, ORDER_USERS
from libs.outbox import relay_batch
from ops.verify.rebuild import rebuild
from tests.faults.cluster import Cluster
from tests.faults.load import Load

SENT: Final = """
    SELECT id, event_id::text, aggregate_id::text, version, type, created_at, payload::text,
           coalesce(headers ->> 'correlation_id', '-') AS correlation_id, headers ->> 'traceparent' AS traceparent,
           '' AS queue
    FROM outbox_sent WHERE queue = '' ORDER BY id DESC LIMIT 300
"""
EXCHANGES: Final = {"auth": AUTH_EVENTS, "catalog": CATALOG_EVENTS, "order": ORDER_EVENTS}


async def everything_comes_thrice(stage: Cluster, load: Load, dice: Random) -> None:
    """The newest events of all services are delivered three times more, in any order, among those of the load."""
    publisher = ConfirmedChannel(stage.servers.amqp_url, _nothing)
    try:
        for service, exchange in EXCHANGES.items():
            rows = await _sent(stage, service)
            for _time in range(3):
                dice.shuffle(rows)
                published = await relay_batch.publish(await publisher.open(), exchange, rows)
                assert len(published.confirmed) == len(rows)
    finally:
        await publisher.aclose()
    await load.flows()


async def consumer_joins_late(stage: Cluster, load: Load, _: Random) -> None:
    """With empty replicas and no queues, while users and products are made, changed and deleted."""
    worker = stage.processes["order-worker"]
    await worker.kill()
    for queue in (ORDER_USERS, ORDER_PRODUCTS):
        (await stage.management.delete(f"/api/queues/%2F/{queue.name}")).raise_for_status()
    async with stage.databases() as databases:
        await databases["order"].execute("TRUNCATE users, products")
        await load.more(20)
        await worker.start()
        for queue in (ORDER_USERS, ORDER_PRODUCTS):
            await rebuild(databases, queue.name, operator="somebody", progress=lambda _told, _of: None)
    await load.flows()


async def _sent(stage: Cluster, service: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(stage.servers.databases[service])
    try:
        rows: list[asyncpg.Record] = await connection.fetch(SENT)
    finally:
        await connection.close()
    return rows


async def _nothing() -> None:
    """The shop has declared everything."""
