"""Looking at parked messages."""

import asyncio

import aio_pika
import pytest
from pamqp.common import FieldArray

from libs.broker import queue_snapshot as hands
from libs.broker.queue_snapshot import hold_queue
from libs.contracts.topology import CATALOG_ORDERS, ORDER_USERS
from ops.admin.broker import broker
from ops.tests.floor import Floor

MANY = 3_000  # more than a quorum queue gives to a reader that names no number


async def test_nothing_is_parked(floor: Floor) -> None:
    listed = await floor.operator("parked", "list")
    assert (listed.code, "Nothing is parked" in listed.out) == (0, True)
    assert (await floor.operator("parked", "list", "--json")).json == []


async def test_it_says_what_and_where_and_why(floor: Floor) -> None:
    (user,) = await floor.park(error="ValueError: no such user")
    (order,) = await floor.park(CATALOG_ORDERS)
    listed = await floor.operator("parked", "list", "--json")
    assert listed.code == 1
    first, second = listed.json
    assert [(each["queue"], each["id"]) for each in (first, second)] == [
        ("catalog.orders", order),
        ("order.users", user),
    ]
    assert second["age_seconds"] > 0
    known = ("type", "version", "attempts", "error", "first_failed_at")
    assert [second[name] for name in known] == [
        "user.updated",
        3,
        4,
        "ValueError: no such user",
        "2026-01-02T03:04:05.678000+00:00",
    ]
    for people in (await floor.operator("parked", "list", "order.users"), await floor.operator("parked", "show", user)):
        assert user in people.out
        assert "ValueError: no such user" in people.out
        assert order not in people.out


async def test_looking_takes_and_moves_nothing(floor: Floor) -> None:
    ids = await floor.park(count=20)
    for _ in range(3):
        assert await floor.parked_ids() == ids
        assert (await floor.operator("parked", "show", ids[7], "--json")).json[0]["event"]["id"] == ids[7]
    assert [message.message_id for message in await floor.take(ORDER_USERS.parked)] == ids


@pytest.mark.slow
async def test_thousands_are_shown_in_their_order_again_and_again(floor: Floor) -> None:
    ids = await floor.park(count=MANY)
    assert [await floor.parked_ids() for _ in range(2)] == [ids, ids]
    assert await floor.ready(ORDER_USERS.parked) == MANY
    people = await floor.operator("parked", "list", "--limit", "2")
    assert f"and {MANY - 2} more" in people.out


async def test_two_who_look_at_once_see_all(floor: Floor) -> None:
    ids = await floor.park(count=200)
    looks = await asyncio.gather(*(floor.process("parked", "list", "--json") for _ in range(3)))
    assert [[each["id"] for each in look.json] for look in looks] == [ids] * 3


async def test_one_who_waits_too_long_for_another_is_told(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    (event,) = await floor.park()
    async with broker(floor.amqp_url) as connection, hold_queue(connection, ORDER_USERS.parked):
        monkeypatch.setattr(hands, "LOCK_TIMEOUT", 0.3)
        refused = await floor.operator("parked", "list")
        assert (refused.code, refused.out) == (3, "")
        assert "Somebody else has order.users.parked in hand" in refused.errors
    assert await floor.parked_ids() == [event]


async def test_what_is_no_event_has_an_id_too_and_harms_no_terminal(floor: Floor) -> None:
    body = b"\xff\x00 \x1b[31m{not json"
    await floor.park_message(
        aio_pika.Message(body, message_id="two words\x1b[2J", headers={"error": "DecodeError: \x1b[1m"})
    )
    (known,) = (await floor.operator("parked", "list", "--json")).json
    assert (len(known["id"]), known["type"], known["subject"]) == (64, None, None)
    shown = await floor.operator("parked", "show", known["id"])
    assert shown.code == 0
    assert "\\xff" in shown.out
    assert "{not json" in shown.out
    assert "\x1b" not in shown.out
    assert "\x1b" not in (await floor.operator("parked", "list")).out


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"sequence": ' + b"9" * 6000 + b"}", b'"\\ud800"', b"NaN", b"", b"{}"]
)
async def test_no_body_is_too_odd(floor: Floor, body: bytes) -> None:
    await floor.park_message(aio_pika.Message(body, message_id="odd"))
    assert (await floor.operator("parked", "list")).code == 1
    assert (await floor.operator("parked", "show", "odd")).code == 0
    assert (await floor.operator("parked", "show", "odd", "--json")).json[0]["id"] == "odd"


async def test_what_the_broker_gave_up_says_so(floor: Floor) -> None:
    (event,) = await floor.park()
    deaths: FieldArray = [{"reason": "delivery_limit", "queue": ORDER_USERS.name, "count": 1}]
    await floor.park_message(aio_pika.Message(b"{}", message_id="given-up", headers={"x-death": deaths}))
    errors = {each["id"]: each["error"] for each in (await floor.operator("parked", "list", "--json")).json}
    assert errors == {event: "ValueError: boom", "given-up": "given up by the broker: delivery_limit"}


async def test_what_is_not_there(floor: Floor) -> None:
    missing = await floor.operator("parked", "show", "nothing")
    assert (missing.code, missing.errors.strip()) == (1, "nothing is not parked")
    unknown = await floor.operator("parked", "list", "order.nothing")
    assert (unknown.code, "order.products" in unknown.errors) == (2, True)


async def test_a_broker_that_is_away_is_named(floor: Floor) -> None:
    away = await floor.operator("parked", "list", AMQP_URL="amqp://shop:secret@127.0.0.1:1/")
    assert (away.code, away.out) == (3, "")
    assert "127.0.0.1:1 cannot be reached" in away.errors
    assert "secret" not in away.errors
