"""A queue whose reader says what it wants gets that, all of it, and nothing else."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from libs.broker import topology
from libs.broker.connection import BrokerAddress
from libs.broker.topology import Binding
from libs.contracts.topology import DynamicQueue
from libs.outbox.binding_markers import BindingMarkers
from libs.outbox.binding_requests import BindingRequests, requested
from libs.process.ids import new_id
from libs.testing.environment import required
from libs.testing.wait import until
from libs.tests.messaging.publishing import Ear, Publisher, bound, told
from libs.tests.messaging.shop import Shop
from libs.tests.messaging.things import ThingDeleted


class Reader:
    def __init__(self, shop: Shop, queue: DynamicQueue) -> None:
        self.shop, self.queue = shop, queue
        self.ear = Ear(shop, queue)
        self.publisher = Publisher(shop, queue)
        self.requests = self.another()

    def another(self) -> BindingRequests:
        return BindingRequests(BrokerAddress(self.shop.amqp_url, required("RABBITMQ_UI_URL")), self.queue)

    async def ask(self, *patterns: str, since: datetime, requests: BindingRequests | None = None) -> None:
        await (requests or self.requests).make({self.shop.queue.exchange: dict.fromkeys(patterns, since)})
        self.publisher.look()

    async def bound(self) -> frozenset[Binding]:
        return frozenset(each for each in await bound(self.shop) if each.queue == self.queue.name)

    async def is_unbound(self) -> bool:
        return not any(each.key.startswith("thing") for each in await self.bound())

    async def whole(self, pattern: str) -> bool:
        seen = await bound(self.shop)
        since = requested(self.queue, seen).get(pattern)
        return since is not None and BindingMarkers.of_dynamic(self.queue, pattern, since).is_whole(seen)


@pytest.fixture
async def reader(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Reader:
    # Nobody looks unless a test says so.
    monkeypatch.setattr("libs.outbox.binding_repair.INTERVAL", 3600.0)
    queue = DynamicQueue(f"{shop.name}.asked")
    await topology.declare(shop.amqp_url, exchanges=[shop.queue.exchange], queues=[shop.queue, queue])
    return Reader(shop, queue)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


async def told_an_hour_ago(shop: Shop) -> set[UUID]:
    things = await told(shop)
    async with shop.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE outbox_sent SET created_at = now() - interval '1 hour'")
    return things


async def test_nothing_is_delivered_before_anybody_asks(reader: Reader) -> None:
    async with reader.publisher.at_work():
        await told(reader.shop)
        assert not await reader.bound()
        assert await reader.ear.has(set())
        assert reader.ear.heard == set()


async def test_what_has_happened_since_it_is_owed_arrives_and_nothing_older(reader: Reader) -> None:
    async with reader.publisher.at_work():
        before = await told_an_hour_ago(reader.shop)
        meanwhile = await told(reader.shop)
        await reader.ask("thing.*", since=now() - timedelta(minutes=1))
        await until(lambda: reader.whole("thing.*"))
        after = await told(reader.shop)
        await until(lambda: reader.ear.has(meanwhile | after))
    assert not reader.ear.heard & before


async def test_what_nobody_asks_for_any_more_is_not_delivered(reader: Reader) -> None:
    async with reader.publisher.at_work():
        await reader.ask("thing.*", since=now())
        await until(lambda: reader.whole("thing.*"))
        await reader.ask(since=now())
        await until(reader.is_unbound)
        heard = await told(reader.shop)
        await reader.ear.has(set())
        assert not reader.ear.heard & heard
        # Nor is anything left that vouched for it.
        places = set(reader.queue.places(delay.name for delay in topology.RETRY_DELAYS))
        assert not [each for each in await bound(reader.shop) if each.queue in places]


async def test_a_binding_that_is_lost_loses_nothing(reader: Reader) -> None:
    async with reader.publisher.at_work():
        await reader.ask("thing.*", since=now() - timedelta(minutes=1))
        await until(lambda: reader.whole("thing.*"))
        queue = await reader.shop.channel.get_queue(reader.queue.name)
        await queue.unbind(reader.shop.queue.exchange.name, "thing.*")
        missed = await told(reader.shop)
        assert not await reader.ear.has(missed)
        reader.publisher.look()
        await until(lambda: reader.ear.has(missed))
        await until(lambda: reader.whole("thing.*"))


async def test_a_queue_that_is_lost_with_its_requests_loses_nothing(reader: Reader) -> None:
    async with reader.publisher.at_work():
        since = now() - timedelta(minutes=1)
        await reader.ask("thing.*", since=since)
        await until(lambda: reader.whole("thing.*"))
        await reader.shop.channel.queue_delete(reader.queue.name)
        missed = await told(reader.shop)
        await topology.declare(reader.shop.amqp_url, exchanges=[], queues=[reader.queue])
        # Another worker's, which does not believe that its requests are still there.
        await reader.ask("thing.*", since=since, requests=reader.another())
        await until(lambda: reader.ear.has(missed))


async def test_what_is_asked_for_besides_does_not_make_the_rest_start_anew(reader: Reader) -> None:
    async with reader.publisher.at_work():
        things = await told(reader.shop)
        since = now() - timedelta(minutes=1)
        await reader.ask("thing.changed", since=since)
        await until(lambda: reader.ear.has(things))
        await until(lambda: reader.whole("thing.changed"))
        reader.ear.heard.clear()
        await reader.ask("thing.changed", "thing.deleted", since=since)
        await until(lambda: reader.whole("thing.deleted"))
        gone = new_id()
        await reader.shop.store(ThingDeleted(id=gone, version=2))
        await until(lambda: reader.ear.has({gone}))
        assert reader.ear.heard == {gone}


async def test_workers_that_ask_for_different_things_for_a_moment_lose_nothing(reader: Reader) -> None:
    """One has read what its database had before the other's was committed."""
    since, late = now() - timedelta(minutes=1), reader.another()
    async with reader.publisher.at_work():
        await reader.ask("thing.*", since=since)
        await until(lambda: reader.whole("thing.*"))
        await reader.ask(since=since, requests=late)
        await until(reader.is_unbound)
        missed = await told(reader.shop)
        await reader.ask("thing.*", since=since, requests=reader.another())
        await until(lambda: reader.ear.has(missed))


async def test_of_two_requests_the_earlier_counts(reader: Reader) -> None:
    early, late = now() - timedelta(days=2), now()
    for since in (late, early):
        key = f"wanted.{int(since.timestamp())}.thing.*"
        exchange = reader.shop.queue.exchange
        await topology.rebind(reader.shop.amqp_url, exchange, old=(), new=[Binding(reader.queue.name, key)])
    assert requested(reader.queue, await bound(reader.shop)) == {"thing.*": early}
    await reader.ask("thing.*", since=late)
    assert requested(reader.queue, await bound(reader.shop)) == {"thing.*": late}


@pytest.mark.parametrize("key", ["", "x.thing.*", "17", "17.", "-1.thing.*", f"{10**20}.thing.*"])
def test_a_binding_that_is_no_request(key: str) -> None:
    assert requested(DynamicQueue("asked"), [Binding("asked", f"wanted.{key}")]) == {}


async def test_without_the_management_api_it_gets_everything(reader: Reader) -> None:
    publisher = Publisher(reader.shop, reader.queue, ui_url="")
    async with publisher.at_work():
        things = await told(reader.shop)
        await until(lambda: reader.ear.has(things))
