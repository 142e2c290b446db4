"""What a message meets that cannot be handled: retries, and the parked queue after them."""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import text

from libs.database.database import Database
from libs.testing.envelope import Envelope
from libs.testing.wait import until
from libs.tests.messaging.consuming import apply, consuming, has_things, has_versions
from libs.tests.messaging.sending import QUICK, encoded, send, send_bytes, settled
from libs.tests.messaging.shop import Shop
from libs.tests.messaging.things import ThingEvent, changed

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

    async def note(events: list[ThingEvent], _: Database) -> None:
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
    assert "DecodeError" in str(parked.headers["error"])


async def test_a_handler_that_always_raises_climbs_the_ladder_and_is_parked(shop: Shop) -> None:
    fine, bad = changed(), changed(name="bad")
    tried: list[ThingEvent] = []
    done: list[ThingEvent] = []

    async def fail(events: list[ThingEvent], transactions: Database) -> None:
        tried.extend(events)
        if bad in events:
            raise ValueError("always")
        await apply(events, transactions)
        done.extend(events)

    async with consuming(shop, fail):
        [_, bad_id] = await send(shop, fine, bad)
        [parked] = await shop.take(shop.queue.parked, 1)
        await until(lambda: has_versions(shop, {fine.id: 1}))
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

    async def fail_twice(events: list[ThingEvent], transactions: Database) -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise ValueError("not yet")
        await apply(events, transactions)

    async with consuming(shop, fail_twice):
        event = changed()
        await send(shop, event)
        await until(lambda: has_versions(shop, {event.id: 1}))
        await until(lambda: settled(shop))


async def test_an_error_that_only_looks_like_an_outage_climbs_the_ladder(shop: Shop) -> None:
    async def missing(_: list[ThingEvent], __: Database) -> None:
        raise FileNotFoundError("no such template")

    async with consuming(shop, missing):
        await send(shop, changed())
        [parked] = await shop.take(shop.queue.parked, 1)
    assert parked.headers["error"] == "FileNotFoundError: no such template"


async def test_a_handler_that_idles_in_its_transaction_climbs_the_ladder(shop: Shop) -> None:
    async def idle(_: list[ThingEvent], transactions: Database) -> None:
        async with transactions.transaction() as transaction:
            await transaction.execute(text("SET idle_in_transaction_session_timeout = 1"))
            await asyncio.sleep(0.1)
            await transaction.execute(text("SELECT 1"))

    async with consuming(shop, idle):
        await send(shop, changed())
        [parked] = await shop.take(shop.queue.parked, 1)
    assert "connection" in str(parked.headers["error"])


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
            *("-m", "libs.tests.messaging.processes.consumer", shop.database_url, shop.amqp_url, shop.name),
        )
        ended = asyncio.ensure_future(process.wait())
        await until(partial(_ended_or_parked, ended, shop), timeout=120)
        if ended.done():
            deaths += 1
        else:
            await until(lambda: has_things(shop, 8))
            await until(lambda: settled(shop, parked=1))
            process.kill()
            await ended
    assert deaths == 3
    [message] = await shop.take(shop.queue.parked, 1)
    assert message.message_id == sent[4]
    assert "3 deliveries ended with their process" in str(message.headers["error"])
    assert set(await shop.replica()) == {event.id for event in (*before, *after)}
    async with shop.engine.connect() as connection:
        assert (await connection.execute(text("SELECT * FROM message_crashes"))).all() == []


async def _ended_or_parked(ended: asyncio.Future[int], shop: Shop) -> bool:
    return ended.done() or await shop.ready(shop.queue.parked) > 0
