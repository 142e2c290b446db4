"""Whatever takes a consumer away or keeps a relay from its work: it is said, and mended without anybody's help."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import pytest
from aiormq import Channel
from faststream.rabbit import RabbitRouter
from prometheus_client import REGISTRY

from libs.consumers.inject import Inject
from libs.consumers.runner import ConsumerRunner
from libs.consumers.subscriber import subscriber
from libs.contracts.topology import Exchange
from libs.database.database import Database
from libs.outbox import relay_batch
from libs.process.ids import new_id
from libs.testing.proxy import Proxy
from libs.testing.vhosts import fresh_vhost, wipe
from libs.testing.wait import until
from libs.tests.messaging.shop import Shop, running
from libs.tests.messaging.things import ThingChanged, ThingEvent, follow
from libs.worker import keep_running


@asynccontextmanager
async def consuming(shop: Shop) -> AsyncIterator[ConsumerRunner]:
    router = RabbitRouter()

    @subscriber(router, shop.queue, ThingEvent)
    async def things_changed(
        events: list[ThingEvent], transactions: Annotated[Database, Inject("transactions")]
    ) -> None:
        async with transactions.transaction() as transaction:
            await follow(transaction, *events)

    given = {"transactions": shop.transactions}
    consumption = ConsumerRunner(shop.transactions, shop.amqp_url, [router], given, declare=shop.declare)
    async with running(consumption.run):
        await until(partial(is_well, consumption.check))
        yield consumption
        await consumption.stop()


async def is_well(check: Callable[[], Awaitable[None]]) -> bool:
    try:
        await check()
    except Exception:  # noqa: BLE001 - as readiness takes it.
        return False
    return True


async def is_ill(check: Callable[[], Awaitable[None]]) -> bool:
    return not await is_well(check)


async def tell(shop: Shop) -> UUID:
    await shop.store(thing := ThingChanged(id=new_id(), version=1, name="thing"))
    return thing.id


async def known(shop: Shop, thing: UUID) -> bool:
    return thing in await shop.replica()


def recoveries(what: str) -> float:
    return REGISTRY.get_sample_value("watchdog_recoveries_total", {"what": what}) or 0.0


def connected(shop: Shop) -> float | None:
    return REGISTRY.get_sample_value("consumers_connected", {"queue": shop.queue.name})


async def test_a_queue_that_is_deleted_under_its_consumer(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    before = recoveries("consumers")
    async with consuming(shop) as consumption, running(shop.relay().run):
        await until(partial(known, shop, await tell(shop)))
        await until(lambda: connected(shop) == 1)
        await shop.channel.queue_delete(shop.queue.name)
        await until(partial(is_ill, consumption.check), timeout=6)
        assert connected(shop) == 0
        assert shop.queue.name in caplog.text
        await until(partial(is_well, consumption.check))
        await until(partial(known, shop, await tell(shop)))
    assert recoveries("consumers") == before + 1


async def test_a_consumer_that_is_gone_for_no_known_reason(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("libs.consumers.runner.RECOVERY_TIMEOUT", 1.0)
    before = recoveries("consumers")
    async with consuming(shop) as consumption, running(shop.relay().run):
        await until(lambda: connected(shop) == 1)
        [lost] = consumption._broker.subscribers  # noqa: SLF001 - nothing but a fault does it.
        await lost._queue_obj.cancel(lost._consumer_tag)  # type: ignore[attr-defined] # noqa: SLF001 - as above.
        await until(partial(is_ill, consumption.check), timeout=6)
        assert connected(shop) == 0
        assert f"consumers: away (ConsumersMissingError: {shop.queue.name})" in caplog.text
        await until(partial(is_well, consumption.check))
        await until(lambda: connected(shop) == 1)
        await until(partial(known, shop, await tell(shop)))
    assert recoveries("consumers") == before + 1


async def test_a_broker_that_lost_its_disk_is_consumed_again(shop: Shop, run_id: str, worker_name: str) -> None:
    async with fresh_vhost(f"watch_{run_id[:12]}_{worker_name}") as amqp_url:
        there = replace(shop, amqp_url=amqp_url)
        async with consuming(there) as consumption, running(there.relay().run):
            await until(partial(known, shop, await tell(shop)))
            await wipe(amqp_url)
            await until(partial(is_ill, consumption.check), timeout=6)
            await until(partial(is_well, consumption.check), timeout=60)
            await until(partial(known, shop, await tell(shop)))


async def test_a_connection_that_carries_nothing_any_more(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Long before its heartbeats would tell."""
    monkeypatch.setattr("libs.consumers.runner.RECOVERY_TIMEOUT", 1.0)
    before = recoveries("consumers")
    await shop.declare()
    async with Proxy(shop.amqp_url) as proxy:
        behind = replace(shop, amqp_url=proxy.url)
        async with consuming(behind) as consumption, running(shop.relay().run):
            await until(partial(known, shop, await tell(shop)))
            await until(lambda: connected(shop) == 1)
            proxy.blackhole()
            await until(partial(is_ill, consumption.check), timeout=10)
            assert connected(shop) == 0
            assert f"consumers: away (ConsumersMissingError: {shop.queue.name})" in caplog.text
            thing = await tell(shop)
            await until(partial(is_well, consumption.check), timeout=25)
            await until(lambda: connected(shop) == 1)
            await until(partial(known, shop, thing))
    assert recoveries("consumers") == before + 1


async def test_a_relay_that_stands_still_starts_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("libs.outbox.relay.STALLED", 1.5)
    publish, before = relay_batch.publish, recoveries("relay")
    hanging = asyncio.Event()

    async def hang_once(
        channel: Channel, exchange: Exchange, rows: Sequence[asyncpg.Record]
    ) -> relay_batch.PublishResult:
        if not hanging.is_set():
            hanging.set()
            await asyncio.Event().wait()
        return await publish(channel, exchange, rows)

    monkeypatch.setattr(relay_batch, "publish", hang_once)
    await shop.declare()
    relay = shop.relay()
    async with running(partial(keep_running, "relay", relay.run)):
        await until(relay_is_well := partial(is_well, relay.check))
        await shop.store(ThingChanged(id=new_id(), version=1, name="thing"))
        await asyncio.wait_for(hanging.wait(), 30)
        await until(partial(is_ill, relay.check), timeout=6)
        await until(relay_is_well)
        await shop.take(shop.queue.name, 1)
    assert "relay stands still" in caplog.text
    assert recoveries("relay") == before + 1


async def test_a_relay_that_has_nothing_to_do_does_not_stand_still(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.outbox.relay.STALLED", 2.5)
    steps: list[Any] = []
    before, take = recoveries("relay"), relay_batch.lock_batch

    async def count(connection: asyncpg.Connection, limit: int) -> Sequence[asyncpg.Record]:
        steps.append(limit)
        return await take(connection, limit)

    monkeypatch.setattr(relay_batch, "lock_batch", count)
    async with running(shop.relay().run):
        await until(lambda: len(steps) > 4)
    assert recoveries("relay") == before
