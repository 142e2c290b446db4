"""What no queue takes or the broker refuses stays, and holds up nobody."""

import pytest
from aio_pika import Message
from sqlalchemy import text

from libs.testing.wait import until
from libs.tests.messaging.shop import Shop, running
from libs.tests.messaging.things import changed


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


async def test_an_event_that_no_queue_has_to_take_does_not_wait_for_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.broker.pipelined_publish.is_read", lambda _, event_type: event_type != "nobody.wants")
    await shop.declare()
    event = changed()
    await shop.store(event)
    async with shop.engine.begin() as connection:
        await connection.execute(text("UPDATE outbox SET type = 'nobody.wants'"))
    trace = await shop.channel.declare_queue("shop.trace", passive=True)
    await trace.unbind(shop.queue.exchange.name, "#")
    async with running(shop.relay(declare=_nothing).run):
        await until(lambda: _waiting(shop, 0))
    async with shop.engine.connect() as connection:
        sent = (await connection.execute(text("SELECT aggregate_id FROM outbox_sent"))).scalars().all()
    assert event.id in sent


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
    monkeypatch.setattr("libs.outbox.relay.POLL", 3600)
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
        await until(shop.nothing_waits)


async def _waiting(shop: Shop, count: int) -> bool:
    return await shop.waiting() == count


async def _attempts(shop: Shop, count: int) -> bool:
    async with shop.engine.connect() as connection:
        found: int = await connection.scalar(text("SELECT min(attempts) FROM outbox"))
        return found >= count


async def _nothing() -> None:
    return
