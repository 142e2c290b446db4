"""Putting parked messages back: never lost, always recorded."""

import asyncio
import getpass
from collections import Counter
from typing import Annotated

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from faststream import Context
from faststream.rabbit import RabbitRouter

from libs.broker import topology
from libs.consumers.runner import ConsumerRunner
from libs.consumers.subscriber import subscriber
from libs.contracts.auth import UserEvent
from libs.contracts.topology import CATALOG_ORDERS, CATALOG_USERS, ORDER_USERS, TRACE
from libs.database.database import Database
from libs.testing.wait import until
from ops.tests.floor import QUICK, Floor, ids_of

WHY = ("--reason", "the user is there now")


async def test_a_message_goes_back_as_it_was_to_its_own_queue_alone(floor: Floor) -> None:
    (wanted,) = await floor.park()
    (before,) = await floor.take(ORDER_USERS.parked)
    ids = await floor.park(count=2)
    await floor.park_message(_again(before))
    ids += await floor.park()
    redriven = await floor.operator("parked", "redrive", wanted, *WHY, "--json")
    assert (redriven.code, redriven.json["redriven"]) == (0, [{"queue": "order.users", "id": wanted}])
    (message,) = await floor.take(ORDER_USERS.name)
    assert message.body == before.body
    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    kept = ("message_id", "type", "app_id", "content_type", "correlation_id", "timestamp")
    assert [getattr(message, name) for name in kept] == [getattr(before, name) for name in kept]
    assert message.headers | {"x-delivery-count": 0} == {
        "aggregate-version": 3,
        "traceparent": "00-1-2-01",
        "x-delivery-count": 0,  # of this reading
    }
    assert await floor.parked_ids() == ids
    assert [await floor.ready(name) for name in (CATALOG_USERS.name, TRACE)] == [0, 0]


async def test_who_and_when_and_why_can_be_looked_up(floor: Floor) -> None:
    (user,) = await floor.park()
    (order,) = await floor.park(CATALOG_ORDERS)
    await floor.operator("parked", "redrive", user, "--reason", "one", "--as", "ada")
    await floor.operator("parked", "redrive", order, "--reason", "two")
    newest, oldest = (await floor.operator("parked", "log", "--json")).json
    who = ("operator", "action", "queue", "event_id", "type", "version", "reason")
    me = getpass.getuser()
    assert [newest[each] for each in who] == [me, "redrive", "catalog.orders", order, "user.updated", 3, "two"]
    assert [oldest[each] for each in who] == ["ada", "redrive", "order.users", user, "user.updated", 3, "one"]
    assert newest["at"] > oldest["at"]
    assert newest["done_at"]
    people = await floor.operator("parked", "log", "--queue", "order.users")
    assert (people.code, "ada" in people.out, "not finished" in people.out, me in people.out) == (0, True, False, False)


async def test_all_of_a_queue(floor: Floor) -> None:
    ids = await floor.park(count=450)
    (other,) = await floor.park(CATALOG_ORDERS)
    assert (await floor.operator("parked", "redrive", "--queue", "order.users", "--all", *WHY)).code == 0
    assert sorted(map(str, ids_of(await floor.take(ORDER_USERS.name)))) == sorted(ids)
    assert await floor.parked_ids() == []
    assert await floor.parked_ids(CATALOG_ORDERS) == [other]
    assert len(await floor.rows("order", "SELECT FROM operator_actions WHERE done_at IS NOT NULL")) == 450


async def test_two_who_redrive_the_same_at_once_double_nothing(floor: Floor) -> None:
    ids = await floor.park(count=100)
    everything = ("parked", "redrive", "--queue", "order.users", "--all", *WHY)
    both = await asyncio.gather(floor.process(*everything), floor.process(*everything))
    assert [each.code for each in both] == [0, 0]
    assert Counter(ids_of(await floor.take(ORDER_USERS.name))) == Counter(ids)


async def test_one_that_fails_again_climbs_anew_and_is_parked_again(floor: Floor) -> None:
    (event,) = await floor.park()
    seen: list[object] = []
    router = RabbitRouter()

    @subscriber(router, ORDER_USERS, UserEvent)
    async def fail(events: list[UserEvent], given: Annotated[str, Context("given")]) -> None:
        seen.extend((event.version, given) for event in events)
        raise ValueError("still not")

    async def declare() -> None:
        await topology.declare(floor.amqp_url, retry_delays=QUICK)

    transactions = Database(floor.environment["ORDER_DATABASE_URL"], pool_size=2)
    consumption = ConsumerRunner(
        transactions, floor.amqp_url, [router], {"given": "x"}, declare=declare, retry_delays=QUICK
    )
    task = asyncio.create_task(consumption.run())
    await floor.operator("parked", "redrive", event, *WHY)
    await until(lambda: floor.holds(ORDER_USERS.parked, 1))
    (known,) = (await floor.operator("parked", "list", "--json")).json
    assert (known["id"], known["attempts"], known["error"]) == (event, 4, "ValueError: still not")
    assert known["first_failed_at"] > "2026-01-03"
    # Each time as a batch of one, and then alone.
    assert len(seen) == 2 * 4
    await consumption.stop()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await transactions.aclose()


async def test_killed_in_the_middle_it_doubles_and_never_loses(floor: Floor) -> None:
    ids = await floor.park(count=3)
    killed = await floor.process("parked", "redrive", ids[0], *WHY, SHOP_FAILPOINTS="operator.put_back")
    assert killed.code == -9
    await until(lambda: floor.holds(ORDER_USERS.parked, 3))
    assert await floor.parked_ids() == ids
    assert ids_of(await floor.take(ORDER_USERS.name)) == [ids[0]]
    people = await floor.operator("parked", "log")
    assert ids[0] in people.out
    assert "not finished" in people.out


async def test_killed_before_it_could_say_so_it_is_recorded_all_the_same(floor: Floor) -> None:
    (event,) = await floor.park()
    assert (await floor.process("parked", "redrive", event, *WHY, SHOP_FAILPOINTS="operator.let_go")).code == -9
    await until(lambda: floor.holds(ORDER_USERS.name, 1))
    (known,) = (await floor.operator("parked", "log", "--json")).json
    assert (known["event_id"], known["done_at"]) == (event, None)


async def test_without_the_database_nothing_is_done(floor: Floor) -> None:
    (event,) = await floor.park()
    away = {"ORDER_DATABASE_URL": "postgresql://shop:secret@127.0.0.1:1/orders"}
    refused = await floor.operator("parked", "redrive", event, *WHY, **away)
    assert (refused.code, refused.out, "secret" in refused.errors) == (3, "", False)
    assert "The database orders at 127.0.0.1:1" in refused.errors
    assert await floor.parked_ids() == [event]
    assert await floor.ready(ORDER_USERS.name) == 0


async def test_what_the_queue_does_not_take_stays_parked(floor: Floor) -> None:
    (event,) = await floor.park()
    await (await floor.channel.declare_queue(ORDER_USERS.name, passive=True)).delete(if_unused=False, if_empty=False)
    refused = await floor.operator("parked", "redrive", event, *WHY)
    assert (refused.code, event in refused.errors) == (3, True)
    assert await floor.parked_ids() == [event]


async def test_some_that_are_not_parked(floor: Floor) -> None:
    (event,) = await floor.park()
    done = await floor.operator("parked", "redrive", event, "elsewhere", *WHY)
    assert (done.code, done.errors.strip()) == (1, "elsewhere is not parked")
    assert ids_of(await floor.take(ORDER_USERS.name)) == [event]


async def test_the_same_event_of_another_queue_stays(floor: Floor) -> None:
    (event,) = await floor.park()
    (message,) = await floor.take(ORDER_USERS.parked)
    await floor.park_message(_again(message))
    await floor.park_message(_again(message), CATALOG_USERS)
    assert (await floor.operator("parked", "redrive", event, "--queue", "catalog.users", *WHY)).code == 0
    assert await floor.parked_ids() == [event]
    assert await floor.parked_ids(CATALOG_USERS) == []


async def test_it_has_to_be_said_what_and_why(floor: Floor) -> None:
    (event,) = await floor.park()
    wrong = (
        ("parked", "redrive", event),
        ("parked", "redrive", event, "--reason", " "),
        ("parked", "redrive", *WHY),
        ("parked", "redrive", "--all", *WHY),
        ("parked", "redrive", event, "--queue", "order.users", "--all", *WHY),
        ("parked", "redrive", "--queue", "order.users", *WHY),
    )
    assert [(await floor.operator(*arguments)).code for arguments in wrong] == [2] * len(wrong)
    assert await floor.parked_ids() == [event]


async def test_dropping_asks_first(floor: Floor) -> None:
    kept, dropped = await floor.park(count=2)
    refused = await floor.operator("parked", "drop", dropped, "--reason", "spam", typed="n\n")
    assert refused.code == 1
    assert await floor.parked_ids() == [kept, dropped]
    done = await floor.operator("parked", "drop", dropped, "--reason", "spam", "--as", "ada", typed="y\n")
    assert done.code == 0
    assert await floor.parked_ids() == [kept]
    assert await floor.ready(ORDER_USERS.name) == 0
    (known,) = (await floor.operator("parked", "log", "--json")).json
    assert (known["operator"], known["action"], known["event_id"], known["reason"]) == ("ada", "drop", dropped, "spam")


async def test_programs_are_told_what_was_dropped_and_what_was_not_there(floor: Floor) -> None:
    kept, dropped = await floor.park(count=2)
    done = await floor.operator("parked", "drop", dropped, "elsewhere", "--reason", "spam", "--yes", "--json")
    assert (done.code, done.errors.strip()) == (1, "elsewhere is not parked")
    assert done.json == {"dropped": [{"queue": "order.users", "id": dropped}], "failed": []}
    assert await floor.parked_ids() == [kept]


async def test_what_is_no_event_can_be_dropped(floor: Floor) -> None:
    await floor.park_message(aio_pika.Message(b"\x00", message_id="no id\x00"))
    (name,) = await floor.parked_ids()
    assert (await floor.operator("parked", "drop", name, "--reason", "spam", "--yes")).code == 0
    assert await floor.parked_ids() == []


def _again(message: AbstractIncomingMessage) -> aio_pika.Message:
    names = ("headers", "message_id", "type", "app_id", "content_type", "correlation_id", "timestamp")
    return aio_pika.Message(message.body, **{name: getattr(message, name) for name in names})
