"""Nothing that was committed is lost, whatever is killed, frozen or away."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest
from aiormq import Channel
from prometheus_client import REGISTRY
from sqlalchemy import text

from libs.contracts.topology import Exchange
from libs.outbox import relay_batch
from libs.process.cancellation import END_TIMEOUT
from libs.testing.envelope import Envelope
from libs.testing.proxy import Proxy
from libs.testing.wait import until
from libs.tests.messaging.shop import Shop, running
from libs.tests.messaging.things import changed


async def test_a_broker_that_is_away_is_no_row_s_fault(shop: Shop) -> None:
    await shop.declare()
    async with Proxy(shop.amqp_url) as proxy:
        await proxy.cut()
        relay = shop.relay(amqp_url=proxy.url)
        await shop.store(*(changed() for _ in range(700)))
        async with running(relay.run):
            await until(lambda: relay.database.is_up)
            await until(lambda: relay.broker._failures > 2)  # noqa: SLF001 - it has tried in vain.
            async with shop.engine.connect() as connection:
                assert await connection.scalar(text("SELECT max(attempts) FROM outbox")) == 0
            await proxy.restore()
            await until(shop.nothing_waits)
            await proxy.cut()
            await shop.store(changed())
            await until(lambda: not relay.broker.is_up)
            await proxy.restore()
            await until(shop.nothing_waits)
    assert await shop.ready(shop.queue.name) == 701


async def test_a_database_that_is_away_is_waited_for(shop: Shop) -> None:
    await shop.declare()
    async with Proxy(shop.database_url) as proxy:
        relay = shop.relay(database_url=proxy.url)
        async with running(relay.run):
            await until(lambda: relay.broker.is_up)
            assert _measured("relay_database_connected") == 1
            await proxy.cut()
            await until(lambda: not relay.database.is_up)
            assert _measured("relay_database_connected") == 0
            await shop.store(changed())
            await proxy.restore()
            await until(shop.nothing_waits)
            assert _measured("relay_database_connected") == _measured("relay_connected") == 1
    assert _measured("relay_database_connected") == _measured("relay_connected") == 0


def _measured(gauge: str) -> float | None:
    return REGISTRY.get_sample_value(gauge)


async def test_a_killed_relay_loses_nothing(shop: Shop) -> None:
    await shop.declare()
    events = [changed() for _ in range(3000)]
    await shop.store(*events)
    async with _relay_process(shop) as process:
        await until(lambda: _fewer_wait(shop, 3000), timeout=120)
        process.kill()
        await process.wait()
    assert await shop.waiting() > 0, "it was killed too late to show anything"
    async with running(shop.relay().run):
        await until(shop.nothing_waits)
    messages = await shop.take(shop.queue.name, await shop.ready(shop.queue.name))
    assert {Envelope.decode(message.body).subject for message in messages} == {event.id for event in events}


async def test_a_relay_that_froze_while_it_published_gives_its_events_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.outbox.relay.FROZEN", "1s")
    frozen, go_on = asyncio.Event(), asyncio.Event()
    publish = relay_batch.publish

    async def freeze(channel: Channel, exchange: Exchange, rows: Sequence[asyncpg.Record]) -> relay_batch.PublishResult:
        if not frozen.is_set():
            frozen.set()
            await go_on.wait()
        return await publish(channel, exchange, rows)

    monkeypatch.setattr(relay_batch, "publish", freeze)
    await shop.declare()
    await shop.store(changed())
    async with running(shop.relay().run):
        await asyncio.wait_for(frozen.wait(), 60)
        async with running(shop.relay().run):
            await until(shop.nothing_waits)
        go_on.set()
        await shop.store(changed())
        await until(shop.nothing_waits)


async def test_a_relay_that_froze_while_it_took_its_events_gives_them_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.outbox.relay.FROZEN", "1s")
    await shop.declare()
    # More than the network holds on the way, so that the server is still sending.
    await shop.store(*(changed(name="x" * 200_000) for _ in range(60)))
    async with Proxy(shop.database_url) as proxy:
        proxy.blackhole_after(1_000_000)
        frozen = shop.relay(database_url=proxy.url)
        async with asyncio.timeout(60), running(frozen.run):
            await until(lambda: _locked(shop))
            async with running(shop.relay().run):
                await until(shop.nothing_waits)


@pytest.mark.parametrize("turns", range(5))
async def test_a_relay_that_is_woken_in_the_moment_of_its_end_ends(shop: Shop, turns: int) -> None:
    await shop.declare()
    relay = shop.relay()
    # Without a watchdog in between, to meet the very turn of the event loop.
    task = asyncio.create_task(relay._run())  # noqa: SLF001
    await shop.store(changed())
    await until(shop.nothing_waits)
    relay._wake()  # noqa: SLF001
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    assert await asyncio.wait([task], timeout=END_TIMEOUT) == ({task}, set())


async def _fewer_wait(shop: Shop, count: int) -> bool:
    return await shop.waiting() < count


async def _locked(shop: Shop) -> bool:
    async with shop.engine.begin() as connection:
        free = await connection.execute(text("SELECT id FROM outbox FOR UPDATE SKIP LOCKED"))
        return len(free.all()) < await shop.waiting()


@asynccontextmanager
async def _relay_process(shop: Shop) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "libs.tests.messaging.processes.relay", shop.database_url, shop.amqp_url, shop.name
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
