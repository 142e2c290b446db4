"""What a queue's events meet where they are taken together: what holds for one holds for each."""

import asyncio
import os
import random
import sys
from contextlib import AsyncExitStack

from prometheus_client import REGISTRY

from libs.broker.topology import RETRY_DELAYS
from libs.consumers.runner import ConsumerRunner
from libs.contracts.base import StateEvent
from libs.database.database import Database
from libs.process.ids import new_id
from libs.testing.wait import until
from libs.tests.messaging.consuming import apply, are_left, consuming, has_things, has_versions
from libs.tests.messaging.sending import QUICK, encoded, send, send_bytes, settled
from libs.tests.messaging.shop import Shop
from libs.tests.messaging.things import ThingChanged, ThingDeleted, ThingEvent, changed


async def told(shop: Shop, *events: StateEvent) -> list[str]:
    """Sends them while nobody reads."""
    await shop.declare(QUICK)
    return await send(shop, *events)


async def test_a_hundred_are_taken_in_a_few_calls(shop: Shop) -> None:
    calls: list[int] = []

    async def note(events: list[ThingEvent], transactions: Database) -> None:
        calls.append(len(events))
        await apply(events, transactions)

    await told(shop, *(changed() for _ in range(100)))
    async with consuming(shop, note):
        await until(lambda: has_things(shop, 100))
        await until(lambda: settled(shop))
    assert sum(calls) == 100
    assert len(calls) < 50
    labels = {"queue": shop.queue.name, "outcome": "done"}
    assert REGISTRY.get_sample_value("consumer_messages_total", labels) == 100


async def test_a_poison_among_a_hundred_is_parked_alone(shop: Shop) -> None:
    async def fail(events: list[ThingEvent], transactions: Database) -> None:
        if any(isinstance(event, ThingChanged) and event.name == "bad" for event in events):
            raise ValueError("always")
        await apply(events, transactions)

    innocent = [changed() for _ in range(99)]
    ids = await told(shop, *innocent[:50], changed(name="bad"), *innocent[50:])
    async with consuming(shop, fail):
        [parked] = await shop.take(shop.queue.parked, 1)
        await until(lambda: has_things(shop, 99))
        await until(lambda: settled(shop))
    assert parked.message_id == ids[50]
    assert (parked.headers["attempt"], parked.headers["error"]) == (1 + len(QUICK), "ValueError: always")
    assert set(await shop.replica()) == {event.id for event in innocent}


async def test_what_the_database_refuses_of_one_is_no_harm_to_others(shop: Shop) -> None:
    # PostgreSQL cannot store it, whatever the contract says.
    await told(shop, *(changed() for _ in range(5)))
    poison = encoded(changed(name="?")).encode().replace(b'"?"', b'"\\ud800"')
    await send_bytes(shop, poison, message_id="poison")
    await told(shop, *(changed() for _ in range(5)))
    async with consuming(shop):
        [parked] = await shop.take(shop.queue.parked, 1)
        await until(lambda: has_things(shop, 10))
        await until(lambda: settled(shop))
    assert (parked.message_id, parked.body) == ("poison", poison)


async def test_duplicates_and_disorder_in_a_batch_end_in_the_newest_version(shop: Shop) -> None:
    things = [new_id() for _ in range(10)]
    events: list[StateEvent] = [
        changed(version, f"name {version}", thing) for thing in things for version in range(1, 5)
    ]
    events += [ThingDeleted(id=thing, version=5) for thing in things[:3]]
    events *= 3
    random.Random(11).shuffle(events)  # noqa: S311 - an order that is the same in every run.
    await told(shop, *events)
    gone = set(things[:3])
    async with consuming(shop):
        await until(lambda: has_versions(shop, {thing: 5 if thing in gone else 4 for thing in things}))
        await until(lambda: settled(shop))
    found = await shop.replica()
    assert {thing for thing in things if found[thing][2]} == gone
    assert {found[thing][1] for thing in things[3:]} == {"name 4"}


async def test_what_cannot_be_read_leaves_a_batch_as_it_came(shop: Shop) -> None:
    broken = {f"broken-{number}": body for number, body in enumerate((b"not json", b"{}", b"\xff"))}
    for message_id, body in broken.items():
        await told(shop, *(changed() for _ in range(10)))
        await send_bytes(shop, body, message_id=message_id)
    async with consuming(shop):
        parked = await shop.take(shop.queue.parked, 3)
        await until(lambda: has_things(shop, 30))
        await until(lambda: settled(shop))
    assert {message.message_id: message.body for message in parked} == broken


async def test_two_workers_share_a_queue(shop: Shop) -> None:
    things = [new_id() for _ in range(20)]
    events = [changed(version, f"name {version}", thing) for version in range(1, 21) for thing in things]
    random.Random(5).shuffle(events)  # noqa: S311 - as above.
    async with AsyncExitStack() as workers:
        for _ in range(2):
            await workers.enter_async_context(consuming(shop))
        await told(shop, *events)
        await until(lambda: has_versions(shop, dict.fromkeys(things, 20)))
        await until(lambda: settled(shop))
    assert await shop.ready(shop.queue.parked) == 0


async def test_a_crash_between_commit_and_acknowledgement_loses_nothing(shop: Shop) -> None:
    events = [changed() for _ in range(20)]
    await shop.declare()
    await send(shop, *events)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "libs.tests.messaging.processes.consumer", shop.database_url, shop.amqp_url, shop.name),
        env={**os.environ, "SHOP_FAILPOINTS": "handler.done"},
    )
    assert await asyncio.wait_for(process.wait(), 60) < 0
    assert await shop.replica()
    await until(lambda: are_left(shop, 20))
    async with consuming(shop, retry_delays=RETRY_DELAYS):
        await until(lambda: has_versions(shop, {event.id: 1 for event in events}))
        await until(lambda: settled(shop))
    assert await shop.ready(shop.queue.parked) == 0


async def test_stopping_finishes_the_batch_and_leaves_the_rest(shop: Shop) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(events: list[ThingEvent], transactions: Database) -> None:
        started.set()
        await go_on.wait()
        await apply(events, transactions)

    async with consuming(shop, slow) as consumption:
        await until(lambda: _is_well(consumption))
        await told(shop, *(changed() for _ in range(30)))
        await started.wait()
        await until(lambda: are_left(shop, 0))
        stopping = asyncio.create_task(consumption.stop())
        # A worker that ends is not asked for more.
        await until(lambda: all(not each.running for each in consumption._broker.subscribers))  # noqa: SLF001 - as said.
        go_on.set()
        await stopping
        handled = len(await shop.replica())
        assert 1 <= handled <= 30
        await until(lambda: are_left(shop, 30 - handled))


async def _is_well(consumption: ConsumerRunner) -> bool:
    try:
        await consumption.check()
    except Exception:  # noqa: BLE001 - any failure means that it is not there yet.
        return False
    return True
