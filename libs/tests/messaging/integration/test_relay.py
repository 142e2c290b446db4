"""What was committed arrives as it was stored, and once."""

from sqlalchemy import text

from libs.process.ids import new_id
from libs.testing.envelope import Envelope
from libs.testing.wait import until
from libs.tests.messaging.shop import Shop, running
from libs.tests.messaging.things import ThingChanged, ThingDeleted, changed


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


async def test_deletes_and_changes_keep_their_types(shop: Shop) -> None:
    await shop.declare()
    await shop.store(changed(), ThingDeleted(id=new_id(), version=2))
    async with running(shop.relay().run):
        messages = await shop.take(shop.queue.name, 2)
    assert [message.routing_key for message in messages] == ["thing.changed", "thing.deleted"]


async def test_confirmed_events_move_to_the_sent_ones(shop: Shop) -> None:
    events = [changed() for _ in range(1203)]
    await shop.declare()
    await shop.store(*events)
    async with running(shop.relay().run):
        await until(shop.nothing_waits)
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
        await until(shop.nothing_waits)
    envelopes = [Envelope.decode(message.body) for message in messages]
    assert {(each.type, each.source, each.subject) for each in envelopes} == {("thing.changed", "/test", event.id)}
    assert await shop.ready(other.name) == 1
    assert await shop.ready(shop.queue.name) == 0
    async with shop.engine.connect() as connection:
        sent = (await connection.execute(text("SELECT queue, sent_at > created_at AS later FROM outbox_sent"))).all()
    assert sorted(sent) == [("", True), (shop.queue.name, True)]


async def test_two_relays_share_the_work_without_doubling_it(shop: Shop) -> None:
    await shop.declare()
    events = [changed() for _ in range(1500)]
    await shop.store(*events)
    async with running(shop.relay().run), running(shop.relay().run):
        await until(shop.nothing_waits)
    messages = await shop.take(shop.queue.name, 1500)
    assert {Envelope.decode(message.body).subject for message in messages} == {event.id for event in events}
    assert await shop.ready(shop.queue.name) == 0
