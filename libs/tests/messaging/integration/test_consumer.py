"""What events do to those who read them, in whatever order and however often they come."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from pamqp import encode
from sqlalchemy import text

from libs.contracts.base import StateEvent
from libs.database.database import Database
from libs.observability.context import TRACEPARENT
from libs.outbox.store import store
from libs.process.ids import new_id
from libs.testing.wait import until
from libs.tests.messaging.consuming import consuming, has_versions
from libs.tests.messaging.sending import QUICK, encoded, send, send_bytes, settled
from libs.tests.messaging.shop import Shop
from libs.tests.messaging.things import ThingDeleted, ThingEvent, changed


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
        await until(lambda: has_versions(shop, expected))
        await until(lambda: settled(shop))
    replica = await shop.replica()
    assert {thing for thing in things if replica[thing][2]} == set(things[:4])
    assert {replica[thing][1] for thing in things[4:]} == {"name 5"}


async def test_what_a_handler_stores_carries_its_cause_on(shop: Shop) -> None:
    async def answer(events: list[ThingEvent], transactions: Database) -> None:
        async with transactions.transaction() as transaction:
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
        await until(lambda: has_versions(shop, {event.id: 1 for event in events}))
        await until(lambda: settled(shop))


async def _as_many_wait(shop: Shop, count: int) -> bool:
    return await shop.waiting() == count
