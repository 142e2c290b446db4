"""Nothing that was committed is lost, whatever is killed or away."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest
from aio_pika import Message
from aiormq import Channel
from prometheus_client import REGISTRY
from sqlalchemy import text

from libs.contracts.topology import Exchange
from libs.messaging import batch
from libs.messaging.bell import Bell
from libs.messaging.cancellation import END_TIMEOUT
from libs.messaging.tests.shop import Shop, running
from libs.messaging.tests.things import ThingChanged, ThingDeleted
from libs.process.ids import new_id
from libs.testing.envelope import Envelope
from libs.testing.proxy import Proxy
from libs.testing.wait import until


def changed(version: int = 1, name: str = "thing") -> ThingChanged:
    return ThingChanged(id=new_id(), version=version, name=name)


async def test_an_event_arrives_as_it_was_stored(shop: Shop) -> None:
    event = changed(version=7, name='naïve "quoted" \\ \u2028 name')
    await shop.declare()
    await shop.store(event)
    async with running(shop.relay().run):
        [message] = await shop.take(shop.queue.name, 1)
    envelope = Envelope.decode(message.body)
    assert ThingChanged.model_validate(envelope.data) == event
    assert (envelope.type, envelope.source, envelope.subject) == ("thing.changed", "/test", event.id)
    assert (envelope.sequence, envelope.correlation_id) == (7, "story-1")
    assert message.message_id == envelope.id
    assert (message.type, message.app_id, message.correlation_id) == ("thing.changed", "/test", "story-1")
    assert message.headers == {"aggregate-version": 7}
    assert message.content_type == "application/cloudevents+json"
    assert message.delivery_mode == 2
    assert message.timestamp is not None


@pytest.mark.parametrize("turns", range(5))
async def test_a_relay_that_is_woken_in_the_moment_of_its_end_ends(shop: Shop, turns: int) -> None:
    await shop.declare()
    relay = shop.relay()
    # Without a watchdog in between, to meet the very turn of the event loop.
    task = asyncio.create_task(relay._run())  # noqa: SLF001
    await shop.store(changed())
    await until(lambda: _none_waits(shop))
    relay._wake()  # noqa: SLF001
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    assert await asyncio.wait([task], timeout=END_TIMEOUT) == ({task}, set())


async def test_a_traceparent_of_the_outbox_travels(shop: Shop) -> None:
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await shop.declare()
    await shop.store(changed())
    async with shop.engine.begin() as connection:
        await connection.execute(
            text("UPDATE outbox SET headers = headers || jsonb_build_object('traceparent', CAST(:t AS text))"),
            {"t": traceparent},
        )
    async with running(shop.relay().run):
        [message] = await shop.take(shop.queue.name, 1)
    assert message.headers["traceparent"] == traceparent


async def test_confirmed_events_move_to_the_sent_ones(shop: Shop) -> None:
    events = [changed() for _ in range(1203)]
    await shop.declare()
    await shop.store(*events)
    async with running(shop.relay().run):
        await until(lambda: _none_waits(shop))
    assert await shop.ready(shop.queue.name) == 1203
    async with shop.engine.connect() as connection:
        sent = await connection.execute(text("SELECT aggregate_id FROM outbox_sent ORDER BY id"))
        assert [row.aggregate_id for row in sent] == [event.id for event in events]


async def test_the_same_version_waits_once(shop: Shop) -> None:
    event = changed()
    await shop.store(event)
    await shop.store(event, changed())
    assert await shop.waiting() == 2


async def test_an_event_for_one_queue_goes_to_it_alone(shop: Shop) -> None:
    event = changed()
    await shop.declare()
    other = await shop.channel.declare_queue(f"{shop.name}.other", exclusive=True)
    await other.bind(shop.queue.exchange.name, "#")
    await shop.store(event)
    await shop.store(event, queue=shop.queue.name)
    await shop.store(event, queue=shop.queue.name)
    assert await shop.waiting() == 2
    async with running(shop.relay().run):
        messages = await shop.take(shop.queue.name, 2)
        await until(lambda: _none_waits(shop))
    envelopes = [Envelope.decode(message.body) for message in messages]
    assert {(each.type, each.source, each.subject) for each in envelopes} == {("thing.changed", "/test", event.id)}
    assert await shop.ready(other.name) == 1
    assert await shop.ready(shop.queue.name) == 0
    async with shop.engine.connect() as connection:
        sent = (await connection.execute(text("SELECT queue, sent_at > created_at AS later FROM outbox_sent"))).all()
    assert sorted(sent) == [("", True), (shop.queue.name, True)]


async def test_an_event_for_a_queue_that_is_not_there_waits(shop: Shop) -> None:
    await shop.declare()
    await shop.store(changed(), queue="nobody")
    await shop.store(changed())
    async with running(shop.relay().run):
        await until(lambda: _waiting(shop, 1))
        await until(lambda: _attempts(shop, 1))
    assert await shop.ready(shop.queue.name) == 1


async def test_an_event_for_several_queues_waits_for_the_one_that_is_not_there(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told again under its own id, to two queues at once."""
    monkeypatch.setattr("libs.messaging.relay.POLL", 3600)
    await shop.declare()
    event = changed()
    for queue in ("nobody", "", shop.queue.name):
        await shop.store(event, queue=queue)
    async with shop.engine.begin() as connection:
        await connection.execute(text("UPDATE outbox SET event_id = aggregate_id"))
    async with running(shop.relay().run):
        await until(lambda: _waiting(shop, 1))
        await until(lambda: _attempts(shop, 1))
    assert await shop.ready(shop.queue.name) == 2
    async with shop.engine.connect() as connection:
        assert (await connection.execute(text("SELECT queue FROM outbox"))).scalars().all() == ["nobody"]


async def test_the_bell_wakes_the_relay(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.messaging.relay.POLL", 3600)
    relay, bell = shop.relay(), Bell(shop.database_url)
    async with running(relay.run):
        await until(lambda: relay.broker.is_up)
        for _ in range(3):
            await shop.store(changed())
            bell.ring()
            await until(lambda: _none_waits(shop))
    await bell.aclose()


async def test_the_poll_finds_what_the_bell_forgot(shop: Shop) -> None:
    relay = shop.relay()
    async with running(relay.run):
        await until(lambda: relay.broker.is_up)
        await shop.store(changed())
        await until(lambda: _none_waits(shop))


async def test_rings_become_few(shop: Shop) -> None:
    heard = 0

    def hear(*_: object) -> None:
        nonlocal heard
        heard += 1

    listener = await asyncpg.connect(shop.database_url)
    await listener.add_listener("outbox", hear)
    bell = Bell(shop.database_url)
    for _ in range(1000):
        bell.ring()
    await until(lambda: heard)
    await bell.aclose()
    await listener.execute("SELECT 1")
    assert heard <= 2
    await listener.close()


async def test_a_bell_without_a_database_disturbs_nobody(shop: Shop) -> None:
    async with Proxy(shop.database_url) as proxy:
        bell = Bell(proxy.url)
        bell.ring()
        await proxy.cut()
        bell.ring()
        await bell.aclose()


async def test_what_no_queue_takes_stays_and_holds_up_nobody(shop: Shop) -> None:
    await shop.declare()
    lost, fine = [changed() for _ in range(3)], [changed() for _ in range(600)]
    await shop.store(*lost, *fine)
    async with shop.engine.begin() as connection:
        await connection.execute(
            text("UPDATE outbox SET type = 'nobody.wants', aggregate = 'nobody' WHERE aggregate_id = ANY(:ids)"),
            {"ids": [event.id for event in lost]},
        )
    trace = await shop.channel.declare_queue("shop.trace", passive=True)
    await trace.unbind(shop.queue.exchange.name, "#")
    # Declared again, the trace would take what nobody else takes.
    async with running(shop.relay(declare=_nothing).run):
        await until(lambda: _waiting(shop, 3))
        await until(lambda: _attempts(shop, 2))
    async with shop.engine.connect() as connection:
        rows = (await connection.execute(text("SELECT *, next_attempt_at > now() AS later FROM outbox"))).all()
    assert {row.last_error for row in rows} == {"unroutable: no queue takes it"}
    assert await shop.ready(shop.queue.name) == 600


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
            await until(lambda: _none_waits(shop))
            await proxy.cut()
            await shop.store(changed())
            await until(lambda: not relay.broker.is_up)
            await proxy.restore()
            await until(lambda: _none_waits(shop))
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
            await until(lambda: _none_waits(shop))
            assert _measured("relay_database_connected") == _measured("relay_connected") == 1
    assert _measured("relay_database_connected") == _measured("relay_connected") == 0


def _measured(gauge: str) -> float | None:
    return REGISTRY.get_sample_value(gauge)


async def test_a_killed_relay_loses_nothing(shop: Shop) -> None:
    await shop.declare()
    events = [changed() for _ in range(3000)]
    await shop.store(*events)
    async with _relay_process(shop) as process:
        await until(lambda: _waiting(shop, 2999, at_most=True), timeout=120)
        process.kill()
        await process.wait()
    assert await shop.waiting() > 0, "it was killed too late to show anything"
    async with running(shop.relay().run):
        await until(lambda: _none_waits(shop))
    messages = await shop.take(shop.queue.name, await shop.ready(shop.queue.name))
    assert {Envelope.decode(message.body).subject for message in messages} == {event.id for event in events}


async def test_a_relay_that_froze_while_it_published_gives_its_events_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.messaging.relay.FROZEN", "1s")
    frozen, go_on = asyncio.Event(), asyncio.Event()
    publish = batch.publish

    async def freeze(channel: Channel, exchange: Exchange, rows: Sequence[asyncpg.Record]) -> batch.Published:
        if not frozen.is_set():
            frozen.set()
            await go_on.wait()
        return await publish(channel, exchange, rows)

    monkeypatch.setattr(batch, "publish", freeze)
    await shop.declare()
    await shop.store(changed())
    async with running(shop.relay().run):
        await asyncio.wait_for(frozen.wait(), 60)
        async with running(shop.relay().run):
            await until(lambda: _none_waits(shop))
        go_on.set()
        await shop.store(changed())
        await until(lambda: _none_waits(shop))


async def test_a_relay_that_froze_while_it_took_its_events_gives_them_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.messaging.relay.FROZEN", "1s")
    await shop.declare()
    # More than the network holds on the way, so that the server is still sending.
    await shop.store(*(changed(name="x" * 200_000) for _ in range(60)))
    async with Proxy(shop.database_url) as proxy:
        proxy.strand_after(1_000_000)
        frozen = shop.relay(database_url=proxy.url)
        async with asyncio.timeout(60), running(frozen.run):
            await until(lambda: _locked(shop))
            async with running(shop.relay().run):
                await until(lambda: _none_waits(shop))


async def test_two_relays_share_the_work_without_doubling_it(shop: Shop) -> None:
    await shop.declare()
    events = [changed() for _ in range(1500)]
    await shop.store(*events)
    async with running(shop.relay().run), running(shop.relay().run):
        await until(lambda: _none_waits(shop))
    messages = await shop.take(shop.queue.name, 1500)
    assert {Envelope.decode(message.body).subject for message in messages} == {event.id for event in events}
    assert await shop.ready(shop.queue.name) == 0


async def test_a_row_that_the_broker_closes_the_channel_for_is_put_off_alone(shop: Shop) -> None:
    await shop.declare()
    poison = changed(name="x" * 3_000_000)
    await shop.store(*(changed() for _ in range(30)), poison, *(changed() for _ in range(30)))
    async with shop.engine.begin() as connection:
        await connection.execute(
            text("UPDATE outbox SET type = :type WHERE aggregate_id = :id"), {"type": "t" * 256, "id": poison.id}
        )
    async with running(shop.relay().run):
        await until(lambda: _waiting(shop, 1))
        await until(lambda: _attempts(shop, 1))
    assert await shop.ready(shop.queue.name) == 60


async def test_what_was_refused_is_tried_over_another_channel(shop: Shop) -> None:
    """The one that it was refused over may be to blame: RabbitMQ's memory of a queue's leader that is dead."""
    await shop.declare()
    full = await shop.channel.declare_queue(
        f"{shop.name}.full", exclusive=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"}
    )
    await shop.channel.default_exchange.publish(Message(b"all that it takes"), full.name)
    await full.bind(shop.queue.exchange.name, "#")
    channels = 0

    async def opened() -> None:
        nonlocal channels
        channels += 1

    await shop.store(changed())
    async with running(shop.relay(declare=opened).run):
        await until(lambda: _attempts(shop, 1))
        await until(lambda: channels > 1)
        await full.purge()
        await until(lambda: _none_waits(shop))


async def test_deletes_and_changes_keep_their_types(shop: Shop) -> None:
    await shop.declare()
    await shop.store(changed(), ThingDeleted(id=new_id(), version=2))
    async with running(shop.relay().run):
        messages = await shop.take(shop.queue.name, 2)
    assert [message.routing_key for message in messages] == ["thing.changed", "thing.deleted"]


async def _none_waits(shop: Shop) -> bool:
    return await shop.waiting() == 0


async def _locked(shop: Shop) -> bool:
    async with shop.engine.begin() as connection:
        free = await connection.execute(text("SELECT id FROM outbox FOR UPDATE SKIP LOCKED"))
        return len(free.all()) < await shop.waiting()


async def _waiting(shop: Shop, count: int, *, at_most: bool = False) -> bool:
    waiting = await shop.waiting()
    return waiting <= count if at_most else waiting == count


async def _attempts(shop: Shop, count: int) -> bool:
    async with shop.engine.connect() as connection:
        found: int = await connection.scalar(text("SELECT min(attempts) FROM outbox"))
        return found >= count


async def _nothing() -> None:
    return


@asynccontextmanager
async def _relay_process(shop: Shop) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "libs.messaging.tests.processes.relay", shop.database_url, shop.amqp_url, shop.name
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
