"""What is told again to a queue, and when its turn is."""

from sqlalchemy import text

from libs.outbox.binding_markers import BEGINNING
from libs.outbox.replay import replay, replay_session
from libs.process.ids import new_id
from libs.testing.envelope import Envelope
from libs.testing.wait import until
from libs.tests.messaging.publishing import told
from libs.tests.messaging.shop import Shop, running
from libs.tests.messaging.things import ThingChanged


async def test_a_replay_finds_what_is_being_published(shop: Shop) -> None:
    """Published before the queue was bound, and moved to what was sent only after the replay has begun."""
    await shop.declare_unbound()
    on_its_way = ThingChanged(id=new_id(), version=1, name="on its way")
    for name in ("before", "too"):
        await shop.store(ThingChanged(id=new_id(), version=1, name=name))
    async with running(shop.relay(declare=shop.declare_unbound).run):
        await until(shop.nothing_waits)
    await shop.store(on_its_way)
    async with shop.engine.begin() as relay, replay_session(shop.database_url, shop.queue.name) as connection:
        await relay.execute(text("SELECT * FROM outbox FOR UPDATE"))
        assert connection is not None
        async for _ in replay(connection, shop.queue.name, shop.queue.patterns, BEGINNING):
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
    async with replay_session(shop.database_url, shop.queue.name) as again:
        assert again is not None
        for _ in range(2):
            async for _ in replay(again, shop.queue.name, shop.queue.patterns, BEGINNING):
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
