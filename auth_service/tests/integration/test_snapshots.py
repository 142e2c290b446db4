"""Users are told of once more: to one queue alone, as they are by then, and by whoever is left to tell."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import pytest

from auth_service.repositories.snapshots import user_snapshots
from auth_service.tests.integration.house import House, Json
from libs.contracts.auth import UserEvent
from libs.database.database import Database, Transaction
from libs.outbox import snapshots
from libs.outbox.notifier import OutboxNotifier
from libs.outbox.snapshots import SnapshotPublisher
from libs.outbox.store import store
from libs.process.ids import new_id

QUEUE = "order.users"
ASK = (
    "INSERT INTO snapshot_requests (queue, ids, requested_by) VALUES (:queue, CAST(:ids AS uuid[]), 'ada') RETURNING id"
)
TOLD = """
    SELECT aggregate_id, type, version, headers ->> 'correlation_id' AS story
    FROM outbox WHERE queue = :queue ORDER BY id
"""
RELAYED = "DELETE FROM outbox WHERE queue = :queue"
NOTED = "SELECT published, done_at IS NOT NULL AS is_done FROM snapshot_requests ORDER BY requested_at"


@pytest.fixture
async def notifier(database_url: str) -> AsyncIterator[OutboxNotifier]:
    notifier = OutboxNotifier(database_url)
    yield notifier
    await notifier.aclose()


@pytest.fixture
def owner(timers: Database, notifier: OutboxNotifier) -> SnapshotPublisher:
    return SnapshotPublisher(timers, notifier, user_snapshots)


async def ask(house: House, *ids: UUID, queue: str = QUEUE) -> str:
    """For all, if none are named. The story that it will be."""
    (row,) = await house.rows(ASK, queue=queue, ids=list(ids) or None)
    return f"announcement-{row['id']}"


async def announce(owner: SnapshotPublisher) -> None:
    """Whoever does not note how far it came would tell of the same for ever."""
    async with asyncio.timeout(30):
        await owner.publish_due()


async def told(house: House, queue: str = QUEUE) -> list[Json]:
    return await house.rows(TOLD, queue=queue)


async def people(house: House, count: int) -> list[UUID]:
    """In the order of their ids, with the admin who is there already."""
    for number in range(count - 1):
        await house.join(f"user{number}")
    return [row["id"] for row in await house.rows("SELECT id FROM users ORDER BY id")]


async def test_all_are_told_of_as_they_are_and_who_is_gone_as_deleted(house: House, owner: SnapshotPublisher) -> None:
    ada, bob = await house.join("ada"), await house.join("bob")
    await ada.call.put("/users/me", json={"username": "lovelace"})
    assert (await bob.call.delete("/users/me")).status_code == 204
    (admin,) = await house.rows("SELECT id FROM users WHERE role = 'admin'")
    story = await ask(house)
    await announce(owner)
    assert await told(house) == [
        {"aggregate_id": user_id, "type": kind, "version": version, "story": story}
        for user_id, kind, version in (
            (admin["id"], "user.updated", 1),
            (UUID(ada.id), "user.updated", 2),
            (UUID(bob.id), "user.deleted", 2),
        )
    ]
    for person in (ada, bob):
        *_, news, again = await house.events(person.id)
        assert again == news
    assert await house.rows(NOTED) == [{"published": 3, "is_done": True}]


async def test_who_is_named_is_told_of_and_nobody_else(house: House, owner: SnapshotPublisher) -> None:
    ada, bob, _ = [await house.join(name) for name in ("ada", "bob", "cleo")]
    assert (await bob.call.delete("/users/me")).status_code == 204
    nobody = new_id()
    await ask(house, nobody, UUID(bob.id), UUID(ada.id), UUID(ada.id))
    await announce(owner)
    assert [(row["aggregate_id"], row["type"], row["version"]) for row in await told(house)] == [
        (UUID(ada.id), "user.updated", 1),
        (UUID(bob.id), "user.deleted", 2),
        # Whoever believes in somebody that never was has to hear that there is nobody.
        (nobody, "user.deleted", 1),
    ]
    assert await house.rows(NOTED) == [{"published": 3, "is_done": True}]


async def test_each_queue_is_told_and_none_of_the_same_twice(house: House, owner: SnapshotPublisher) -> None:
    ids = await people(house, 3)
    for queue in (QUEUE, QUEUE, "catalog.users"):
        await ask(house, queue=queue)
    await announce(owner)
    for queue in (QUEUE, "catalog.users"):
        assert [row["aggregate_id"] for row in await told(house, queue)] == ids
    assert await house.rows(NOTED) == [{"published": 3, "is_done": True}] * 3


@pytest.mark.parametrize("count", [6, 7])
async def test_no_more_than_some_wait_for_the_relay(
    house: House, owner: SnapshotPublisher, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(snapshots, "PAGE_SIZE", 2)
    monkeypatch.setattr(snapshots, "MAX_BACKLOG", 3)
    ids = await people(house, count)
    await ask(house)
    for _ in range(2):
        await announce(owner)
        assert [row["aggregate_id"] for row in await told(house)] == ids[:4]
        assert await house.rows(NOTED) == [{"published": 4, "is_done": False}]
    await house.rows(RELAYED, queue=QUEUE)
    await announce(owner)
    assert [row["aggregate_id"] for row in await told(house)] == ids[4:]
    assert await house.rows(NOTED) == [{"published": count, "is_done": True}]


async def test_a_worker_that_dies_is_followed_by_another(
    house: House, owner: SnapshotPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "PAGE_SIZE", 2)
    ids = await people(house, 5)
    await ask(house)
    portions = itertools.count(1)

    def die(*_: object) -> Any:
        raise SystemError

    with monkeypatch.context() as patch:

        async def store_and_do_no_more(*arguments: Any, **named: Any) -> None:
            await store(*arguments, **named)
            if next(portions) == 2:
                patch.setattr(Transaction, "execute", die)

        patch.setattr(snapshots, "store", store_and_do_no_more)
        with pytest.raises(SystemError):
            await announce(owner)
    assert [row["aggregate_id"] for row in await told(house)] == ids[:2]
    assert await house.rows(NOTED) == [{"published": 2, "is_done": False}]
    # From where it stopped, and not from the beginning.
    await house.rows(RELAYED, queue=QUEUE)
    await announce(owner)
    assert [row["aggregate_id"] for row in await told(house)] == ids[2:]
    assert await house.rows(NOTED) == [{"published": 5, "is_done": True}]


async def test_what_another_worker_has_in_hand_is_left_to_it(
    house: House, owner: SnapshotPublisher, timers: Database, notifier: OutboxNotifier
) -> None:
    ids = await people(house, 2)
    await ask(house)

    async def while_another_looks(*portion: Any) -> Sequence[UserEvent]:
        await announce(owner)
        assert await told(house) == []
        return await user_snapshots(*portion)

    await announce(SnapshotPublisher(timers, notifier, while_another_looks))
    assert [row["aggregate_id"] for row in await told(house)] == ids
    assert await house.rows(NOTED) == [{"published": 2, "is_done": True}]
