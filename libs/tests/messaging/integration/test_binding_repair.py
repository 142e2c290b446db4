"""Whatever happens to a queue or to its binding: what was told meanwhile gets there in the end."""

import asyncio
import os
import sys
from dataclasses import replace

import aio_pika
import pytest

from libs.process.ids import new_id
from libs.testing.environment import required
from libs.testing.vhosts import fresh_vhost, wipe
from libs.testing.wait import until
from libs.tests.messaging.publishing import Ear, Publisher, replayed, told, unbind, whole
from libs.tests.messaging.shop import Shop, running
from libs.tests.messaging.things import ThingChanged


@pytest.fixture
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks unless the test says so."""
    monkeypatch.setattr("libs.outbox.binding_repair.INTERVAL", 3600.0)


@pytest.mark.usefixtures("seldom")
async def test_a_binding_that_is_deleted_loses_nothing(shop: Shop) -> None:
    ear, publisher = Ear(shop), Publisher(shop)
    async with publisher.at_work():
        before = await told(shop)
        await until(lambda: whole(shop))
        await until(lambda: ear.has(before))
        await unbind(shop)
        missed = await told(shop)
        assert not await ear.has(missed)
        publisher.look()
        await until(lambda: ear.has(missed))
        await until(lambda: whole(shop))
        after = await told(shop)
        await until(lambda: ear.has(after))


async def test_a_deleted_binding_is_noticed_within_seconds(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    publisher = Publisher(shop)
    async with publisher.at_work():
        await until(lambda: whole(shop))
        await unbind(shop)
        await until(lambda: "all kept events are replayed" in caplog.text, timeout=8)
        await until(lambda: whole(shop))
        await publisher.bindings.check()


@pytest.mark.usefixtures("seldom")
@pytest.mark.parametrize("which", ["name", "parked"])
async def test_a_queue_that_is_deleted_takes_nothing_with_it(shop: Shop, which: str) -> None:
    """Neither what waits in it nor, where it is one that messages wait in when they failed, those."""
    ear, publisher = Ear(shop), Publisher(shop)
    async with publisher.at_work():
        await until(lambda: whole(shop))
        things = await told(shop)
        if which == "parked":
            await until(lambda: ear.has(things))
            ear.heard.clear()
        await shop.channel.queue_delete(getattr(shop.queue, which))
        things |= await told(shop)
        publisher.look()
        await until(lambda: whole(shop))
        await until(lambda: ear.has(things))


async def test_a_broker_that_lost_its_disk_is_told_everything(shop: Shop, run_id: str, worker_name: str) -> None:
    async with fresh_vhost(f"lost_{run_id[:12]}_{worker_name}") as amqp_url:
        publisher = Publisher(replace(shop, amqp_url=amqp_url))
        async with publisher.at_work():
            things = await told(shop)
            await wipe(amqp_url)
            await shop.store(ThingChanged(id=(late := new_id()), version=1, name="late"))
            async with await aio_pika.connect(amqp_url) as connection:
                there = replace(shop, amqp_url=amqp_url, channel=await connection.channel())
                await until(lambda: whole(there), timeout=60)
                await until(lambda: Ear(there).has(things | {late}))


@pytest.mark.parametrize("step", ["bindings.bound", "bindings.replayed"])
async def test_a_worker_that_is_killed_meanwhile_is_followed_by_another(shop: Shop, step: str) -> None:
    await shop.declare()
    ear = Ear(shop)
    async with running(shop.relay().run):
        await told(shop, 1)
        await unbind(shop)
        missed = await told(shop)
    command = (sys.executable, "-m", "libs.tests.messaging.processes.publishing")
    process = await asyncio.create_subprocess_exec(
        *(*command, shop.database_url, shop.amqp_url, required("RABBITMQ_UI_URL"), shop.name),
        env={**os.environ, "SHOP_FAILPOINTS": step},
    )
    assert await asyncio.wait_for(process.wait(), 60) == -9
    assert not await whole(shop)
    async with Publisher(shop).at_work():
        await until(lambda: whole(shop))
        await until(lambda: ear.has(missed))


@pytest.mark.usefixtures("seldom")
async def test_what_is_whole_is_told_once(shop: Shop) -> None:
    for _ in range(2):
        publisher = Publisher(shop)
        async with publisher.at_work():
            await until(lambda: whole(shop))
            await told(shop)
            await publisher.bindings.declare()
    assert await replayed(shop) == 0
