"""What is no message's fault and parks none: an outage of database or broker, a deadlock, a shutdown."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from libs.broker.topology import RETRY_DELAYS, RetryDelay
from libs.consumers.batching import MAX_CONCURRENT
from libs.consumers.runner import ConsumerRunner
from libs.database.database import Database
from libs.testing.proxy import Proxy
from libs.testing.wait import until
from libs.tests.messaging.consuming import apply, are_left, consuming, has_things, has_versions
from libs.tests.messaging.sending import QUICK, send, settled
from libs.tests.messaging.shop import Shop
from libs.tests.messaging.things import ThingEvent, changed

# What waits for a retry does not come back while a test runs.
HOURS = tuple(RetryDelay(delay.name, timedelta(hours=1)) for delay in RETRY_DELAYS)


async def test_while_the_database_is_away_nothing_is_parked_or_counted(shop: Shop) -> None:
    async with Proxy(shop.database_url) as proxy:
        events = [changed() for _ in range(40)]
        async with consuming(shop, database_url=proxy.url, retry_delays=HOURS):
            await send(shop, changed())
            await until(lambda: has_things(shop, 1))
            await proxy.cut()
            await send(shop, *events)
            await until(lambda: are_left(shop, 0))
            await proxy.restore()
            await until(lambda: has_things(shop, 41))
            await until(lambda: settled(shop))


async def test_a_deadlock_is_tried_again_at_once(shop: Shop) -> None:
    attempts = 0

    async def deadlock(events: list[ThingEvent], transactions: Database) -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            async with transactions.transaction() as transaction:
                await transaction.execute(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$"))
        await apply(events, transactions)

    async with consuming(shop, deadlock, retry_delays=HOURS):
        event = changed()
        await send(shop, event)
        await until(lambda: has_versions(shop, {event.id: 1}))


async def test_consumers_resume_after_their_connection_was_cut(shop: Shop) -> None:
    async with Proxy(shop.amqp_url) as proxy, consuming(shop, amqp_url=proxy.url) as consumption:
        await send(shop, changed())
        await until(lambda: has_things(shop, 1))
        await proxy.cut()
        await until(lambda: _not_well(consumption))
        await send(shop, *(changed() for _ in range(5)))
        await proxy.restore()
        await until(lambda: has_things(shop, 6))
        await consumption.check()
        await until(lambda: settled(shop))


async def test_a_connection_that_is_cut_while_handling_is_no_death(shop: Shop) -> None:
    started = asyncio.Event()
    go_on = asyncio.Event()

    async def slow(events: list[ThingEvent], transactions: Database) -> None:
        started.set()
        await go_on.wait()
        await apply(events, transactions)

    async with Proxy(shop.amqp_url) as proxy, consuming(shop, slow, amqp_url=proxy.url):
        event = changed()
        await send(shop, event)
        for _ in range(4):
            await asyncio.wait_for(started.wait(), 60)
            started.clear()
            await proxy.cut()
            await proxy.restore()
        go_on.set()
        await until(lambda: has_versions(shop, {event.id: 1}))
        await until(lambda: settled(shop))
    async with shop.engine.connect() as connection:
        assert (await connection.execute(text("SELECT * FROM message_crashes"))).all() == []


async def test_consumers_start_when_the_broker_comes(shop: Shop) -> None:
    async with Proxy(shop.amqp_url) as proxy:
        await proxy.cut()
        async with consuming(shop, amqp_url=proxy.url) as consumption:
            await until(lambda: consumption._link._failures)  # noqa: SLF001 - it has tried in vain.
            await send(shop, changed())
            await proxy.restore()
            await until(lambda: has_things(shop, 1))


async def test_a_queue_that_was_deleted_is_read_again_when_it_is_back(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING", logger="aiormq.channel")
    async with consuming(shop):
        await send(shop, changed())
        await until(lambda: has_things(shop, 1))
        await shop.channel.queue_delete(shop.queue.name)
        await until(lambda: "cancelled by the broker" in caplog.text)
        await shop.declare(QUICK)
        await send(shop, changed())
        await until(lambda: has_things(shop, 2))


async def test_stopping_finishes_what_is_handled_and_leaves_the_rest(shop: Shop) -> None:
    """What goes one by one is finished as far as it has begun."""
    known: set[ThingEvent] = set()
    started = 0
    go_on = asyncio.Event()

    async def slow(events: list[ThingEvent], transactions: Database) -> None:
        nonlocal started
        if not known.issuperset(events):
            known.update(events)
            raise ValueError("no batches")
        started += 1
        await go_on.wait()
        await apply(events, transactions)

    async with consuming(shop, slow) as consumption:
        await send(shop, *(changed() for _ in range(30)))
        await until(lambda: started == MAX_CONCURRENT)
        await until(lambda: are_left(shop, 0))
        stopping = asyncio.create_task(consumption.stop())
        go_on.set()
        await stopping
        assert len(await shop.replica()) == MAX_CONCURRENT
        await until(lambda: are_left(shop, 30 - MAX_CONCURRENT))


async def _not_well(consumption: ConsumerRunner) -> bool:
    try:
        await consumption.check()
    except Exception:  # noqa: BLE001 - any failure is what is waited for.
        return True
    return False
