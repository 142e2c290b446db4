"""What a message meets: its handler, the ladder, the parked queue; and what never parks it."""

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import pytest
from faststream.rabbit import RabbitRouter
from pamqp import encode
from sqlalchemy import text

from libs.contracts.base import StateEvent
from libs.database.transactions import Transactions
from libs.messaging.batches import SIDE_BY_SIDE
from libs.messaging.consumer import subscriber
from libs.messaging.consumption import Consumption
from libs.messaging.given import Given
from libs.messaging.outbox import store
from libs.messaging.tests.sending import QUICK, changed, encoded, send, send_bytes, settled
from libs.messaging.tests.shop import Shop
from libs.messaging.tests.things import ThingDeleted, ThingEvent, follow
from libs.messaging.topology import RUNGS, Rung
from libs.process.context import TRACEPARENT
from libs.process.ids import new_id
from libs.testing.envelope import Envelope
from libs.testing.proxy import Proxy
from libs.testing.wait import until

Handler = Callable[[list[ThingEvent], Transactions], Awaitable[object]]


async def apply(events: list[ThingEvent], transactions: Transactions) -> None:
    async with transactions.begin() as transaction:
        await follow(transaction, *events)


@asynccontextmanager
async def consuming(
    shop: Shop,
    handler: Handler = apply,
    *,
    amqp_url: str | None = None,
    database_url: str | None = None,
    rungs: Sequence[Rung] = QUICK,
) -> AsyncIterator[Consumption]:
    router = RabbitRouter()

    @subscriber(router, shop.queue, ThingEvent)
    async def things_changed(
        events: list[ThingEvent], transactions: Annotated[Transactions, Given("transactions")]
    ) -> None:
        await handler(events, transactions)

    async def declare() -> None:
        await shop.declare(rungs)

    await declare()
    transactions = Transactions(database_url or shop.database_url, pool_size=5)
    given = {"transactions": transactions}
    consumption = Consumption(transactions, amqp_url or shop.amqp_url, [router], given, declare=declare, rungs=rungs)
    task = asyncio.create_task(consumption.run())
    try:
        yield consumption
    finally:
        await consumption.stop()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await transactions.aclose()


async def test_shuffled_and_tripled_events_end_in_the_same_replica(shop: Shop) -> None:
    things = [new_id() for _ in range(8)]
    events: list[StateEvent] = [
        changed(version, f"name {version}", thing) for thing in things for version in range(1, 6)
    ]
    events += [ThingDeleted(id=thing, version=6) for thing in things[:4]]
    thrice = events * 3
    random.Random(7).shuffle(thrice)  # noqa: S311 - an order that is the same in every run.
    async with consuming(shop):
        await send(shop, *thrice)
        expected = {thing: 6 if thing in things[:4] else 5 for thing in things}
        await until(lambda: _versions(shop, expected))
        await until(lambda: settled(shop))
    replica = await shop.replica()
    assert {thing for thing in things if replica[thing][2]} == set(things[:4])
    assert {replica[thing][1] for thing in things[4:]} == {"name 5"}


async def test_what_a_handler_stores_carries_its_cause_on(shop: Shop) -> None:
    async def answer(events: list[ThingEvent], transactions: Transactions) -> None:
        async with transactions.begin() as transaction:
            await store(transaction, events)

    first, third = changed(thing_id=new_id(), version=1), changed(version=3)
    second = changed(thing_id=first.id, version=2)
    stories = {event: f"story {number}" for number, event in enumerate((second, first, third, changed(), changed()))}
    await shop.declare(QUICK)
    for event, story in stories.items():
        await send(shop, event, story=story)
    # Of the same news, what came first was acted on.
    await send(shop, first, story="told again")
    async with consuming(shop, answer):
        await until(lambda: _as_many_wait(shop, len(stories)))
    async with shop.engine.connect() as connection:
        found = (await connection.execute(text("SELECT aggregate_id, version, headers FROM outbox"))).all()
    assert {(row.aggregate_id, row.version): row.headers["correlation_id"] for row in found} == {
        (event.id, event.version): story for event, story in stories.items()
    }
    traces = {row.headers["traceparent"] for row in found}
    assert len(traces) == len(stories)
    assert all(map(TRACEPARENT.fullmatch, traces))


BROKEN = [
    b"not json",
    b"",
    b'{"specversion": "1.0"}',
    b"[" * 100_000,
    b'"\\ud800"',
    b"\xff\xfe",
    json.dumps({**json.loads(encoded(changed()).encode()), "type": "thing.unheard_of"}).encode(),
    json.dumps({**json.loads(encoded(changed()).encode()), "data": {"id": "no uuid", "version": 1}}).encode(),
    json.dumps({**json.loads(encoded(changed()).encode()), "specversion": "9"}).encode(),
]


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
async def test_what_cannot_be_read_is_parked_as_it_is(shop: Shop, body: bytes) -> None:
    neighbours = [changed(), changed()]
    handled: list[UUID] = []

    async def note(events: list[ThingEvent], _: Transactions) -> None:
        handled.extend(event.id for event in events)

    async with consuming(shop, note):
        await send(shop, neighbours[0])
        await send_bytes(shop, body, message_id="m-1", correlation_id="c-1", app_id="elsewhere", type="odd")
        await send(shop, neighbours[1])
        [parked] = await shop.take(shop.queue.parked, 1)
        await until(lambda: set(handled) == {event.id for event in neighbours})
    assert parked.body == body
    properties = (parked.message_id, parked.correlation_id, parked.app_id, parked.type)
    assert properties == ("m-1", "c-1", "elsewhere", "odd")
    assert "Undecodable" in str(parked.headers["error"])


# As programs write them that count in microseconds, or whose strings are Latin-1.
ODD_PROPERTIES: dict[str, tuple[str, Callable[[Any], bytes], dict[str, Any]]] = {
    "time": ("timestamp", lambda _: (1_700_000_000_000_000).to_bytes(8, "big"), {"timestamp": 1}),
    "name": ("shortstr", lambda value: bytes([len(value)]) + value.encode("latin-1"), {"app_id": "caf\xe9"}),
    "header": ("table", lambda _: (6).to_bytes(4, "big") + b"\x04caf\xe9V", {"headers": {"x": 1}}),
}


@pytest.mark.parametrize("odd", ODD_PROPERTIES)
async def test_odd_properties_keep_no_event_from_being_handled(
    shop: Shop, odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, writer, properties = ODD_PROPERTIES[odd]
    events = [changed(), changed()]
    async with consuming(shop):
        with monkeypatch.context() as patched:
            patched.setitem(encode.METHODS, kind, writer)
            await send_bytes(shop, encoded(events[0]).encode(), **properties)
        await send(shop, events[1])
        await until(lambda: _versions(shop, {event.id: 1 for event in events}))
        await until(lambda: settled(shop))


async def test_a_handler_that_always_raises_climbs_the_ladder_and_is_parked(shop: Shop) -> None:
    fine, bad = changed(), changed(name="bad")
    tried: list[ThingEvent] = []
    done: list[ThingEvent] = []

    async def fail(events: list[ThingEvent], transactions: Transactions) -> None:
        tried.extend(events)
        if bad in events:
            raise ValueError("always")
        await apply(events, transactions)
        done.extend(events)

    async with consuming(shop, fail):
        [_, bad_id] = await send(shop, fine, bad)
        [parked] = await shop.take(shop.queue.parked, 1)
        await until(lambda: _versions(shop, {fine.id: 1}))
    # Each time in a batch, and then alone.
    assert tried.count(bad) == 2 * (1 + len(QUICK))
    assert done == [fine]
    assert parked.message_id == bad_id == Envelope.decode(parked.body).id
    assert parked.headers["attempt"] == 4
    assert parked.headers["error"] == "ValueError: always"
    first = datetime.fromisoformat(str(parked.headers["first-failed-at"]))
    assert first < datetime.now(UTC) - timedelta(milliseconds=100)
    assert parked.delivery_mode == 2


async def test_a_handler_that_recovers_leaves_nothing_behind(shop: Shop) -> None:
    attempts = 0

    async def fail_twice(events: list[ThingEvent], transactions: Transactions) -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise ValueError("not yet")
        await apply(events, transactions)

    async with consuming(shop, fail_twice):
        event = changed()
        await send(shop, event)
        await until(lambda: _versions(shop, {event.id: 1}))
        await until(lambda: settled(shop))


async def test_while_the_database_is_away_nothing_is_parked_or_counted(shop: Shop) -> None:
    async with Proxy(shop.database_url) as proxy:
        events = [changed() for _ in range(40)]
        async with consuming(shop, database_url=proxy.url):
            await send(shop, changed())
            await until(lambda: _replica_size(shop, 1))
            await proxy.cut()
            await send(shop, *events)
            await until(lambda: _left(shop, 0))
            for rung in RUNGS:
                assert await shop.ready(shop.queue.retry(rung.name)) == 0
            await proxy.restore()
            await until(lambda: _replica_size(shop, 41))
            await until(lambda: settled(shop))


async def test_a_deadlock_is_tried_again_at_once(shop: Shop) -> None:
    attempts = 0

    async def deadlock(events: list[ThingEvent], transactions: Transactions) -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            async with transactions.begin() as transaction:
                await transaction.execute(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$"))
        await apply(events, transactions)

    hours = tuple(Rung(rung.name, timedelta(hours=1)) for rung in RUNGS)
    async with consuming(shop, deadlock, rungs=hours):
        event = changed()
        await send(shop, event)
        await until(lambda: _versions(shop, {event.id: 1}))


async def test_an_error_that_only_looks_like_an_outage_climbs_the_ladder(shop: Shop) -> None:
    async def missing(_: list[ThingEvent], __: Transactions) -> None:
        raise FileNotFoundError("no such template")

    async with consuming(shop, missing):
        await send(shop, changed())
        [parked] = await shop.take(shop.queue.parked, 1)
    assert parked.headers["error"] == "FileNotFoundError: no such template"


async def test_a_handler_that_idles_in_its_transaction_climbs_the_ladder(shop: Shop) -> None:
    async def idle(_: list[ThingEvent], transactions: Transactions) -> None:
        async with transactions.begin() as transaction:
            await transaction.execute(text("SET idle_in_transaction_session_timeout = 1"))
            await asyncio.sleep(0.1)
            await transaction.execute(text("SELECT 1"))

    async with consuming(shop, idle):
        await send(shop, changed())
        [parked] = await shop.take(shop.queue.parked, 1)
    assert "connection" in str(parked.headers["error"])


async def test_consumers_resume_after_their_connection_was_cut(shop: Shop) -> None:
    async with Proxy(shop.amqp_url) as proxy, consuming(shop, amqp_url=proxy.url) as consumption:
        await send(shop, changed())
        await until(lambda: _replica_size(shop, 1))
        await proxy.cut()
        await until(lambda: _not_well(consumption))
        await send(shop, *(changed() for _ in range(5)))
        await proxy.restore()
        await until(lambda: _replica_size(shop, 6))
        await consumption.check()
        await until(lambda: settled(shop))


async def test_a_connection_that_is_cut_while_handling_is_no_death(shop: Shop) -> None:
    started = asyncio.Event()
    go_on = asyncio.Event()

    async def slow(events: list[ThingEvent], transactions: Transactions) -> None:
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
        await until(lambda: _versions(shop, {event.id: 1}))
        await until(lambda: settled(shop))
    async with shop.engine.connect() as connection:
        assert (await connection.execute(text("SELECT * FROM deliveries"))).all() == []


async def test_consumers_start_when_the_broker_comes(shop: Shop) -> None:
    async with Proxy(shop.amqp_url) as proxy:
        await proxy.cut()
        async with consuming(shop, amqp_url=proxy.url) as consumption:
            await until(lambda: consumption._link._failures)  # noqa: SLF001 - it has tried in vain.
            await send(shop, changed())
            await proxy.restore()
            await until(lambda: _replica_size(shop, 1))


async def test_a_queue_that_was_deleted_is_read_again_when_it_is_back(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING", logger="aiormq.channel")
    async with consuming(shop):
        await send(shop, changed())
        await until(lambda: _replica_size(shop, 1))
        await shop.channel.queue_delete(shop.queue.name)
        await until(lambda: "cancelled by the broker" in caplog.text)
        await shop.declare(QUICK)
        await send(shop, changed())
        await until(lambda: _replica_size(shop, 2))


async def test_stopping_finishes_what_is_handled_and_leaves_the_rest(shop: Shop) -> None:
    """What goes one by one is finished as far as it has begun."""
    known: set[ThingEvent] = set()
    started = 0
    go_on = asyncio.Event()

    async def slow(events: list[ThingEvent], transactions: Transactions) -> None:
        nonlocal started
        if not known.issuperset(events):
            known.update(events)
            raise ValueError("no batches")
        started += 1
        await go_on.wait()
        await apply(events, transactions)

    async with consuming(shop, slow) as consumption:
        await send(shop, *(changed() for _ in range(30)))
        await until(lambda: started == SIDE_BY_SIDE)
        await until(lambda: _left(shop, 0))
        stopping = asyncio.create_task(consumption.stop())
        go_on.set()
        await stopping
        assert len(await shop.replica()) == SIDE_BY_SIDE
        await until(lambda: _left(shop, 30 - SIDE_BY_SIDE))


async def test_a_deadly_message_is_parked_after_three_deaths_and_no_neighbour_is(shop: Shop) -> None:
    await shop.declare()
    before, after = [changed() for _ in range(4)], [changed() for _ in range(4)]
    deadly = changed(name="deadly")
    sent = await send(shop, *before, deadly, *after)
    deaths = 0
    while await shop.ready(shop.queue.parked) == 0:
        assert deaths <= 3, "it was not parked after three deaths"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "libs.messaging.tests.processes.consumer", shop.database_url, shop.amqp_url, shop.name),
        )
        ended = asyncio.ensure_future(process.wait())
        await until(partial(_ended_or_parked, ended, shop), timeout=120)
        if ended.done():
            deaths += 1
        else:
            await until(lambda: _replica_size(shop, 8))
            await until(lambda: settled(shop, parked=1))
            process.kill()
            await ended
    assert deaths == 3
    [message] = await shop.take(shop.queue.parked, 1)
    assert message.message_id == sent[4]
    assert "3 deliveries ended with their process" in str(message.headers["error"])
    assert set(await shop.replica()) == {event.id for event in (*before, *after)}
    async with shop.engine.connect() as connection:
        assert (await connection.execute(text("SELECT * FROM deliveries"))).all() == []


async def _versions(shop: Shop, expected: dict[UUID, int]) -> bool:
    return {thing: row[0] for thing, row in (await shop.replica()).items()} == expected


async def _replica_size(shop: Shop, size: int) -> bool:
    return len(await shop.replica()) == size


async def _as_many_wait(shop: Shop, count: int) -> bool:
    return await shop.waiting() == count


async def _ended_or_parked(ended: asyncio.Future[int], shop: Shop) -> bool:
    return ended.done() or await shop.ready(shop.queue.parked) > 0


async def _left(shop: Shop, count: int) -> bool:
    return await shop.ready(shop.queue.name) == count


async def _not_well(consumption: Consumption) -> bool:
    try:
        await consumption.check()
    except Exception:  # noqa: BLE001 - any failure is what is waited for.
        return True
    return False
