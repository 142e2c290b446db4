"""Whatever happens to a queue or to its binding: what was told meanwhile gets there in the end."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from uuid import UUID

import aio_pika
import pytest
from sqlalchemy import text

from libs.messaging import topology
from libs.messaging.bindings import Bindings
from libs.messaging.connection import BrokerAddress
from libs.messaging.management import Management
from libs.messaging.replay import replay, replaying
from libs.messaging.tests.shop import Shop, running
from libs.messaging.tests.things import ThingChanged
from libs.messaging.tokens import Tokens
from libs.process.ids import new_id
from libs.testing.envelope import Envelope
from libs.testing.environment import required
from libs.testing.proxy import Proxy
from libs.testing.vhosts import fresh_vhost, wipe
from libs.testing.wait import until


class Publisher:
    """What a publisher's worker runs, and a look at the broker."""

    def __init__(self, shop: Shop, *, ui_url: str | None = None) -> None:
        address = BrokerAddress(shop.amqp_url, required("RABBITMQ_UI_URL") if ui_url is None else ui_url)
        self.bindings = Bindings(shop.database_url, address, [shop.queue], declare=shop.declare_unbound)
        self.relay = shop.relay(declare=self.bindings.declare)
        self._shop = shop

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        async with aclosing(self.bindings), running(self.bindings.run), running(self.relay.run):
            yield

    def look(self) -> None:
        """Now, not at the next time."""
        self.bindings._woken.set()  # noqa: SLF001 - a test that waits for it cannot know what was told meanwhile.


@pytest.fixture
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks unless the test says so."""
    monkeypatch.setattr("libs.messaging.bindings.EVERY", 3600.0)


async def bound(shop: Shop) -> frozenset[topology.Binding]:
    management = Management(BrokerAddress(shop.amqp_url, required("RABBITMQ_UI_URL")))
    async with aclosing(management):
        return await management.bindings(shop.queue.exchange)


async def whole(shop: Shop) -> bool:
    return Tokens(shop.queue).is_whole(await bound(shop))


async def told(shop: Shop, count: int = 20) -> set[UUID]:
    """New things whose events have left the outbox."""
    things = [ThingChanged(id=new_id(), version=1, name="thing") for _ in range(count)]
    await shop.store(*things)
    await until(shop.nothing_waits)
    return {thing.id for thing in things}


async def unbind(shop: Shop) -> None:
    queue = await shop.channel.get_queue(shop.queue.name)
    await queue.unbind(shop.queue.exchange.name, shop.queue.pattern)


class Ear:
    """Takes what is in the queue."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.heard: set[UUID] = set()

    async def has(self, things: set[UUID]) -> bool:
        queue = await self._shop.channel.get_queue(self._shop.queue.name)
        while (message := await queue.get(no_ack=True, fail=False)) is not None:
            self.heard.add(Envelope.decode(message.body).subject)
        return things <= self.heard


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
        await until(lambda: "everything kept is told again" in caplog.text, timeout=8)
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
    command = (sys.executable, "-m", "libs.messaging.tests.processes.publishing")
    process = await asyncio.create_subprocess_exec(
        *(*command, shop.database_url, shop.amqp_url, required("RABBITMQ_UI_URL"), shop.name),
        env={**os.environ, "SHOP_FAILPOINTS": step},
    )
    assert await asyncio.wait_for(process.wait(), 60) == -9
    assert not await whole(shop)
    async with Publisher(shop).at_work():
        await until(lambda: whole(shop))
        await until(lambda: ear.has(missed))


async def test_two_workers_do_it_at_once(shop: Shop) -> None:
    one, other, ear = Publisher(shop), Publisher(shop), Ear(shop)
    async with one.at_work(), other.at_work():
        await until(lambda: whole(shop))
        things = await told(shop)
        await shop.channel.queue_delete(shop.queue.name)
        things |= await told(shop)
        await until(lambda: whole(shop))
        await until(lambda: ear.has(things))
        # Only one of them tells it all again.
        await until(shop.nothing_waits)
    assert await replayed(shop) <= 2 * len(things)


@pytest.mark.usefixtures("seldom")
async def test_what_is_whole_is_told_once(shop: Shop) -> None:
    for _ in range(2):
        publisher = Publisher(shop)
        async with publisher.at_work():
            await until(lambda: whole(shop))
            await told(shop)
            await publisher.bindings.declare()
    assert await replayed(shop) == 0


async def test_a_replay_finds_what_is_being_published(shop: Shop) -> None:
    """Published before the queue was bound, and moved to what was sent only after the replay has begun."""
    await shop.declare_unbound()
    on_its_way = ThingChanged(id=new_id(), version=1, name="on its way")
    for name in ("before", "too"):
        await shop.store(ThingChanged(id=new_id(), version=1, name=name))
    async with running(shop.relay(declare=shop.declare_unbound).run):
        await until(shop.nothing_waits)
    await shop.store(on_its_way)
    async with shop.engine.begin() as relay, replaying(shop.database_url, shop.queue) as connection:
        await relay.execute(text("SELECT * FROM outbox FOR UPDATE"))
        assert connection is not None
        async for _ in replay(connection, shop.queue):
            pass
    async with shop.engine.connect() as reading:
        rows = (await reading.execute(text("SELECT * FROM outbox WHERE queue <> '' ORDER BY id"))).all()
        kept = (await reading.execute(text("SELECT event_id FROM outbox_sent"))).scalars().all()
    assert {row.queue for row in rows} == {shop.queue.name}
    assert on_its_way.id in {row.aggregate_id for row in rows}
    assert {row.event_id for row in rows} > set(kept)
    assert len(rows) == 3


async def test_a_replay_is_of_the_queue_s_types(shop: Shop) -> None:
    await shop.declare()
    async with running(shop.relay().run):
        await told(shop, 3)
    async with shop.engine.begin() as connection:
        await connection.execute(text("UPDATE outbox_sent SET type = 'things.changed' WHERE id % 3 = 0"))
    async with replaying(shop.database_url, shop.queue) as again:
        assert again is not None
        for _ in range(2):
            async for _ in replay(again, shop.queue):
                pass
    assert await shop.waiting() == 2


async def test_news_goes_before_what_is_told_again(shop: Shop) -> None:
    news = ThingChanged(id=new_id(), version=2, name="news")
    await shop.declare()
    await shop.store(*(ThingChanged(id=new_id(), version=1, name="old") for _ in range(3)), queue=shop.queue.name)
    await shop.store(news)
    async with running(shop.relay().run):
        [first, *_] = await shop.take(shop.queue.name, 4)
    assert Envelope.decode(first.body).subject == news.id


async def test_management_that_is_away_holds_up_nobody(shop: Shop) -> None:
    ear = Ear(shop)
    await shop.declare()
    async with Proxy(required("RABBITMQ_UI_URL")) as management:
        await management.cut()
        publisher = Publisher(shop, ui_url=management.url)
        async with publisher.at_work():
            things = await told(shop)
            await until(lambda: ear.has(things))
            assert not publisher.bindings._link.is_up  # noqa: SLF001 - what readiness says.
            await unbind(shop)
            missed = await told(shop)
            await management.restore()
            await until(lambda: ear.has(missed))
            await publisher.bindings.check()


async def test_management_that_hangs_holds_up_nobody(shop: Shop) -> None:
    ear = Ear(shop)
    await shop.declare()
    async with Proxy(required("RABBITMQ_UI_URL")) as management:
        management.freeze()
        async with Publisher(shop, ui_url=management.url).at_work():
            things = await told(shop)
            await until(lambda: ear.has(things), timeout=10)


async def test_without_management_queues_are_bound_all_the_same(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    ear, publisher = Ear(shop), Publisher(shop, ui_url="")
    async with publisher.at_work():
        things = await told(shop)
        await until(lambda: ear.has(things))
        await publisher.bindings.check()
    assert caplog.text.count("RABBITMQ_UI_URL is not set") == 1


async def test_a_binding_that_is_lost_while_all_is_told_again_is_told_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replay that was under way must not vouch for what came after it."""
    ear, publisher = Ear(shop), Publisher(shop)
    rebind, lost = topology.rebind, set[UUID]()

    async def lose_it_once(amqp_url: str, *args: object, old: list[topology.Binding], **new: object) -> None:
        if not old and not lost and ear.heard:
            # The last step of the replay. Somebody unbinds it, another worker notices and binds anew, and dies.
            await unbind(shop)
            lost.update(await told(shop, 5))
            tokens = Tokens(shop.queue)
            old_ones = tokens.old(await bound(shop))
            await rebind(amqp_url, shop.queue.exchange, old=old_ones, new=tokens.new("another"))
        await rebind(amqp_url, *args, old=old, **new)  # type: ignore[arg-type] # passed on as they are.

    async with publisher.at_work():
        await until(lambda: whole(shop))
        things = await told(shop)
        await until(lambda: ear.has(things))
        monkeypatch.setattr(topology, "rebind", lose_it_once)
        await unbind(shop)
        await until(lambda: lost)
        await until(lambda: ear.has(lost))
        await until(lambda: whole(shop))


async def test_what_another_worker_bound_and_lost_again_meanwhile_is_told_again(shop: Shop) -> None:
    """Declaring takes long on a busy broker. The other one's tokens must not vouch for the second loss."""
    ear, lost = Ear(shop), set[UUID]()

    async def declare() -> None:
        await shop.declare_unbound()
        if lost:
            return
        tokens = Tokens(shop.queue)
        made = [*tokens.new("another"), tokens.replayed("another")]
        await topology.rebind(shop.amqp_url, shop.queue.exchange, old=tokens.old(await bound(shop)), new=made)
        await unbind(shop)
        lost.update(await told(shop, 5))

    await shop.declare_unbound()
    address = BrokerAddress(shop.amqp_url, required("RABBITMQ_UI_URL"))
    bindings = Bindings(shop.database_url, address, [shop.queue], declare=declare)
    async with running(shop.relay(declare=shop.declare_unbound).run), aclosing(bindings), running(bindings.run):
        # It is whole for a moment before, by the other one's tokens.
        await until(lambda: lost)
        await until(lambda: whole(shop))
        await until(lambda: ear.has(lost))


async def replayed(shop: Shop) -> int:
    async with shop.engine.connect() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM outbox_sent WHERE queue <> ''")) or 0)
