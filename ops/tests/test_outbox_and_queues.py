"""What waits to be sent, and what waits to be read."""

import aio_pika
import pytest

from libs.broker import topology
from libs.contracts.topology import ORDER_USERS, QUEUES
from libs.process.ids import new_id
from libs.testing.vhosts import fresh_vhost
from libs.testing.wait import until
from ops.tests.floor import Floor

WAITING = """
    INSERT INTO outbox (event_id, aggregate, aggregate_id, version, type, payload, queue, created_at, attempts,
                        last_error, next_attempt_at)
    VALUES ($1, 'user', $2, 3, 'user.updated', '{}', $3, now() - make_interval(secs => $4), $5, $6, now())
"""


async def wait_in_outbox(
    floor: Floor, service: str, *, queue: str = "", seconds: float = 1, attempts: int = 0, error: str | None = None
) -> str:
    event_id = new_id()
    await floor.rows(service, WAITING, event_id, new_id(), queue, seconds, attempts, error)
    return str(event_id)


async def test_events_on_their_way_are_nobodys_worry(floor: Floor) -> None:
    await wait_in_outbox(floor, "auth", seconds=3)
    found = await floor.operator("outbox", "--json")
    auth, catalog, order = found.json
    assert found.code == 0
    assert (auth["service"], auth["pending"], auth["deferred"]) == ("auth", 1, 0)
    assert auth["oldest_seconds"] >= 3
    assert [(each["pending"], each["oldest_seconds"]) for each in (catalog, order)] == [(0, None), (0, None)]


async def test_events_that_wait_for_long_are(floor: Floor) -> None:
    await wait_in_outbox(floor, "catalog", seconds=180)
    found = await floor.operator("outbox")
    assert (found.code, "3 min" in found.out) == (1, True)


async def test_events_that_were_deferred_say_why_and_to_whom(floor: Floor) -> None:
    everybody = await wait_in_outbox(floor, "auth", attempts=3, error="NO_ROUTE")
    alone = await wait_in_outbox(floor, "order", queue="order.users", attempts=1, error="refused \x1b[31m")
    found = await floor.operator("outbox", "--json")
    rows = {row["event_id"]: row for service in found.json for row in service["rows"]}
    assert found.code == 1
    known = ("to", "attempts", "last_error", "type", "version")
    assert [rows[everybody][each] for each in known] == ["auth.events", 3, "NO_ROUTE", "user.updated", 3]
    assert [rows[alone][each] for each in known] == ["order.users", 1, "refused \x1b[31m", "user.updated", 3]
    assert all(row["next_attempt_at"] for row in rows.values())
    people = (await floor.operator("outbox")).out
    assert "auth.events" in people
    assert everybody in people
    assert "\x1b" not in people


@pytest.mark.parametrize("command", [["outbox"], ["verify"], ["trace", "0" * 32]])
async def test_a_database_that_is_older_than_this_program_is_told(floor: Floor, command: list[str]) -> None:
    other = floor.environment["AUTH_DATABASE_URL"].rpartition("/")[0] + "/postgres"
    found = await floor.operator(*command, AUTH_DATABASE_URL=other)
    assert (found.code, "older than this program" in found.errors) == (3, True)


async def test_a_queue_without_a_reader_is_marked(floor: Floor) -> None:
    read = await floor.channel.declare_queue(ORDER_USERS.name, passive=True)
    tag = await read.consume(_ignore, no_ack=False)

    async def shown() -> bool:
        found = {each["name"]: each for each in (await floor.operator("queues", "--json")).json}
        return [found[queue.name]["warnings"] for queue in QUEUES] == [
            [] if queue is ORDER_USERS else ["no consumer"] for queue in QUEUES
        ]

    await until(shown, every=0.5)
    people = await floor.operator("queues")
    assert (people.code, "⚠ order.products: no consumer" in people.out) == (1, True)
    assert "⚠ order.users" not in people.out
    await read.cancel(tag)


async def test_what_waits_is_counted_where_it_waits(floor: Floor, run_id: str, worker_name: str) -> None:
    """On a broker whose retry delays are the usual ones, and where no other test leaves anything."""
    async with fresh_vhost(f"counted_{run_id[:12]}_{worker_name}") as amqp_url:
        await topology.declare(amqp_url)
        async with await aio_pika.connect(amqp_url) as connection:
            exchange = (await connection.channel()).default_exchange
            for name in (ORDER_USERS.name, ORDER_USERS.name, ORDER_USERS.retry("5m"), ORDER_USERS.parked):
                await exchange.publish(aio_pika.Message(b"{}"), name)

        async def counted() -> list[int]:
            found = (await floor.operator("queues", "--json", AMQP_URL=amqp_url)).json
            (users,) = (each for each in found if each["name"] == ORDER_USERS.name)
            return [users[each] for each in ("ready", "unacked", "retrying", "parked")]

        async def right() -> bool:
            assert await counted() == [2, 0, 1, 1]
            return True

        await until(right, every=0.5)


async def test_a_missing_queue_is_told(floor: Floor) -> None:
    await (await floor.channel.declare_queue(ORDER_USERS.name, passive=True)).delete(if_unused=False, if_empty=False)

    async def told() -> bool:
        return "⚠ order.users: missing" in (await floor.operator("queues")).out

    await until(told, every=0.5)


async def test_a_management_api_that_is_away_is_named(floor: Floor) -> None:
    found = await floor.operator("queues", RABBITMQ_UI_URL="http://127.0.0.1:1")
    assert (found.code, found.out, "http://127.0.0.1:1" in found.errors) == (3, "", True)


async def test_wrong_credentials_are_not_shown(floor: Floor) -> None:
    found = await floor.operator("queues", AMQP_URL="amqp://shop:secret@127.0.0.1:1/")
    assert (found.code, "secret" in found.errors, "401" in found.errors) == (3, False, True)


async def _ignore(_: object) -> None:
    """A reader that has not come to anything yet."""
