"""Messages about people who are gone leave the places where messages stay, and nothing else does."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Sequence
from uuid import UUID

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel

from libs.broker import queue_snapshot
from libs.broker.topology import declare
from libs.contracts.topology import AUTH_EVENTS, CATALOG_USERS, ORDER_EVENTS, ORDER_USERS, ORDER_WEBHOOKS, TRACE
from libs.privacy import queue_scrubber
from libs.privacy.queue_scrubber import QueueScrubber
from libs.process.ids import new_id
from libs.testing.vhosts import fresh_vhost
from libs.testing.wait import until


class Floor:
    """A broker on which everything is declared and nothing runs, and who is gone."""

    def __init__(self, amqp_url: str, channel: AbstractChannel) -> None:
        self.amqp_url = amqp_url
        self.channel = channel
        self.gone: set[UUID] = set()
        self.is_anybody_looked_for = True
        self.forgetting = QueueScrubber(amqp_url, AUTH_EVENTS, self._gone, self._is_anybody_looked_for)

    async def _gone(self, ids: Collection[UUID]) -> Collection[UUID]:
        return self.gone & set(ids)

    async def _is_anybody_looked_for(self) -> bool:
        return self.is_anybody_looked_for

    async def park(self, *bodies: bytes, queue: str = ORDER_USERS.parked) -> None:
        for body in bodies:
            await self.channel.default_exchange.publish(aio_pika.Message(body, delivery_mode=2), queue)

    async def publish(self, exchange: str, key: str, body: bytes) -> None:
        target = await self.channel.get_exchange(exchange)
        await target.publish(aio_pika.Message(body, delivery_mode=2), key, mandatory=False)

    async def bodies(self, queue: str) -> list[bytes]:
        found = []
        source = await self.channel.get_queue(queue)
        while (message := await source.get(no_ack=True, fail=False)) is not None:
            found.append(message.body)
        return found

    async def count(self, queue: str) -> int:
        async with await aio_pika.connect(self.amqp_url) as connection:
            there = await (await connection.channel()).declare_queue(queue, passive=True)
            return there.declaration_result.message_count or 0


@pytest.fixture
async def floor(run_id: str, worker_name: str) -> AsyncIterator[Floor]:
    async with fresh_vhost(f"forgetting_{run_id[:12]}_{worker_name}") as amqp_url:
        await declare(amqp_url)
        async with await aio_pika.connect(amqp_url) as connection:
            yield Floor(amqp_url, await connection.channel())


def told(subject: UUID, type_: str = "user.updated", **data: object) -> bytes:
    data = data or {"id": str(subject), "email": "ada@example.com", "version": 3}
    return json.dumps({"id": str(new_id()), "type": type_, "subject": str(subject), "data": data}).encode()


async def test_who_is_gone_leaves_and_all_else_stays_as_it_was(floor: Floor) -> None:
    ada, bob = new_id(), new_id()
    deletion = told(ada, "user.deleted", id=str(ada), version=4)
    kept = [told(bob), deletion, b"\xff not json", told(bob)]
    await floor.park(kept[0], told(ada), kept[1], told(ada, "user.created"), kept[2], kept[3])
    await floor.park(told(ada), queue=CATALOG_USERS.parked)
    floor.gone = {ada}
    await floor.forgetting.scrub()
    assert await floor.bodies(ORDER_USERS.parked) == kept
    assert await floor.bodies(CATALOG_USERS.parked) == []


async def test_what_cannot_be_decoded_may_name_somebody_too(floor: Floor) -> None:
    ada = new_id()
    await floor.park(b'{"subject": "' + str(ada).encode() + b'", "email": "ada@exam')
    floor.gone = {ada}
    await floor.forgetting.scrub()
    assert await floor.bodies(ORDER_USERS.parked) == []


async def test_the_trace_keeps_the_orders_of_who_is_gone(floor: Floor) -> None:
    ada = new_id()
    order = told(new_id(), "order.placed", user_id=str(ada), total="9.99")
    await floor.publish(AUTH_EVENTS.name, "user.created", told(ada, "user.created"))
    await floor.publish(ORDER_EVENTS.name, "order.placed", order)
    await until(lambda: _has(floor, TRACE, 2))
    floor.gone = {ada}
    floor.is_anybody_looked_for = False
    await floor.forgetting.scrub()
    assert await floor.count(TRACE) == 2, "it is left in peace while nobody is looked for"
    floor.is_anybody_looked_for = True
    await floor.forgetting.scrub()
    assert await floor.bodies(TRACE) == [order]


async def test_a_queue_of_several_exchanges_keeps_the_orders_of_who_is_gone(floor: Floor) -> None:
    """They name people by their ids alone, and are kept in all other places, too."""
    ada = new_id()
    order = json.loads(told(new_id(), "order.placed", user_id=str(ada), total="9.99"))
    kept = [json.dumps({**order, "source": ORDER_EVENTS.source}).encode()]
    user = {**json.loads(told(ada)), "source": AUTH_EVENTS.source}
    undecodable = b'{"source": "/order", "email": "' + str(ada).encode() + b"@exam"
    await floor.park(json.dumps(user).encode(), *kept, undecodable, queue=ORDER_WEBHOOKS.parked)
    floor.gone = {ada}
    await floor.forgetting.scrub()
    assert await floor.bodies(ORDER_WEBHOOKS.parked) == kept


async def _has(floor: Floor, queue: str, number: int) -> bool:
    return await floor.count(queue) == number


async def test_two_at_once_and_again(floor: Floor) -> None:
    ada, bob = new_id(), new_id()
    kept = [told(bob) for _ in range(20)]
    for body in kept:
        await floor.park(body, told(ada))
    floor.gone = {ada}
    await asyncio.gather(floor.forgetting.scrub(), floor.forgetting.scrub())
    await floor.forgetting.scrub()
    assert await floor.bodies(ORDER_USERS.parked) == kept


async def test_a_worker_that_dies_with_all_in_hand_loses_nothing(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, bob = new_id(), new_id()
    kept = told(bob)
    await floor.park(told(ada), kept)
    floor.gone = {ada}

    async def die(_hand: queue_snapshot.HeldQueue, _messages: Sequence[object]) -> None:
        raise SystemError

    with monkeypatch.context() as patch:
        patch.setattr(queue_snapshot.HeldQueue, "ack", die)
        with pytest.raises(SystemError):
            await floor.forgetting.scrub()
    assert await floor.count(ORDER_USERS.parked) == 2
    await floor.forgetting.scrub()
    assert await floor.bodies(ORDER_USERS.parked) == [kept]


async def test_a_queue_that_somebody_has_in_hand_keeps_no_other_from_being_looked_at(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(queue_snapshot, "LOCK_TIMEOUT", 0.2)
    ada = new_id()
    for queue in (CATALOG_USERS, ORDER_USERS):
        await floor.park(told(ada), queue=queue.parked)
    floor.gone = {ada}
    async with (
        await aio_pika.connect(floor.amqp_url) as operator,
        queue_snapshot.hold_queue(operator, CATALOG_USERS.parked),
    ):
        await floor.forgetting.scrub()
    assert [await floor.count(queue.parked) for queue in (CATALOG_USERS, ORDER_USERS)] == [1, 0]
    assert f"Somebody else has {CATALOG_USERS.parked} in hand" in caplog.text


async def test_a_broker_that_is_away_is_told_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    floor = Floor("amqp://nobody@127.0.0.1:1/", None)  # type: ignore[arg-type] # Nothing is published.
    await floor.forgetting.scrub()
    assert "could not be looked for" in caplog.text


async def test_without_any_queue_there_is_nothing_to_do(run_id: str, worker_name: str) -> None:
    """No worker has declared anything yet."""
    async with fresh_vhost(f"empty_{run_id[:12]}_{worker_name}") as amqp_url:
        await Floor(amqp_url, None).forgetting.scrub()  # type: ignore[arg-type] # Nothing is published.


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b'{"data": {"id": "x", "version": 3}}', False),
        (b'{"data": {"id": "x", "version": 3, "email": "x"}}', True),
        (b'{"data": []}', True),
        (b"[]", True),
        (b"[" * 100_000, True),
        (b"\xff", True),
    ],
)
def test_only_the_news_of_a_deletion_names_nobody(body: bytes, *, names: bool) -> None:
    assert queue_scrubber.has_personal_data(body) is names
