"""The tables that migrations make, and the partitions that relays keep."""

import asyncio
from datetime import date, timedelta

import asyncpg
import pytest

from libs.outbox import partitions
from libs.process.ids import new_id
from libs.testing.wait import until
from libs.tests.messaging.shop import Shop, running
from libs.tests.messaging.things import ThingChanged


async def test_partitions_are_made_ahead_and_dropped_when_old(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    today: date = await connection.fetchval("SELECT (now() AT TIME ZONE 'UTC')::date")
    for age in (30, 8, 7):
        day = today - timedelta(days=age)
        await connection.execute(
            f"CREATE TABLE IF NOT EXISTS outbox_sent_{day:%Y%m%d} PARTITION OF outbox_sent"
            f" FOR VALUES FROM ('{day} 00:00:00+00') TO ('{day + timedelta(days=1)} 00:00:00+00')"
        )
    for _ in range(2):
        await partitions.maintain(connection)
        days = [today + timedelta(days=offset) for offset in range(-7, 8)]
        found = await _partitions(connection)
        assert {f"outbox_sent_{day:%Y%m%d}" for day in (days[0], *days[7:])} <= found
        assert found <= {f"outbox_sent_{day:%Y%m%d}" for day in days}
    await connection.close()


async def test_several_make_partitions_at_once(database_url: str) -> None:
    connections = [await asyncpg.connect(database_url) for _ in range(4)]
    await _drop_partitions(connections[0])
    await asyncio.gather(*(partitions.maintain(connection) for connection in connections))
    assert len(await _partitions(connections[0])) == 8
    for connection in connections:
        await connection.close()


async def test_a_missing_partition_does_not_stop_the_relay(shop: Shop) -> None:
    await shop.declare()
    relay = shop.relay()
    connection = await asyncpg.connect(shop.database_url)
    async with running(relay.run):
        await until(lambda: relay.broker.is_up)
        await _drop_partitions(connection)
        await shop.store(ThingChanged(id=new_id(), version=1, name="thing"))
        await until(shop.nothing_waits)
    await connection.close()


async def test_a_reader_of_everything_does_not_stop_the_relay(shop: Shop) -> None:
    """Such as a dump that takes hours, while a new day needs its partition."""
    await shop.declare()
    connection, reading = await asyncpg.connect(shop.database_url), await asyncpg.connect(shop.database_url)
    await partitions.maintain(connection)
    newest = max(await _partitions(connection))
    await connection.execute(f"DROP TABLE {newest}")
    async with reading.transaction():
        await reading.execute("SELECT * FROM outbox_sent")
        async with running(shop.relay().run):
            await shop.store(ThingChanged(id=new_id(), version=1, name="thing"))
            await until(shop.nothing_waits, timeout=5)
            assert newest in await _partitions(connection)
    await connection.close()
    await reading.close()


async def test_nobody_waits_long_for_a_reader_of_old_partitions(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    maintaining, reading = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    await partitions.maintain(maintaining)
    before = await _partitions(maintaining)
    monkeypatch.setattr(partitions, "DAYS_KEPT", -3)
    async with reading.transaction():
        await reading.execute("SELECT * FROM outbox_sent")
        await asyncio.wait_for(partitions.maintain(maintaining), 20)
        assert await _partitions(reading) == before
    await maintaining.close()
    await reading.close()


async def test_nobody_waits_long_for_one_who_froze_while_making_partitions(database_url: str) -> None:
    maintaining, frozen = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    await partitions.maintain(maintaining)
    async with frozen.transaction():
        await frozen.execute("SELECT pg_advisory_xact_lock($1)", partitions.LOCK)
        await asyncio.wait_for(partitions.maintain(maintaining), 8)
        await _drop_partitions(maintaining)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await partitions.maintain(maintaining)
    await maintaining.close()
    await frozen.close()


async def _partitions(connection: asyncpg.Connection) -> set[str]:
    return {row["relname"] for row in await connection.fetch(partitions.PARTITIONS)}


async def _drop_partitions(connection: asyncpg.Connection) -> None:
    for name in await _partitions(connection):
        await connection.execute(f"DROP TABLE {name}")
