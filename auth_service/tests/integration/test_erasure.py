"""What still names a deleted user is found and removed, whenever it was written down."""

import asyncio
from typing import Any

import asyncpg
import pytest

from auth_service.repositories import erasure
from auth_service.repositories.erasure import deleted_users_among, erase_due, has_pending_erasures
from auth_service.tests.integration.house import House, Person
from libs.database.database import Database
from libs.database.urls import for_asyncpg
from libs.outbox import partitions
from libs.process.ids import new_id

SEND = """
    WITH moved AS (DELETE FROM outbox WHERE aggregate_id = CAST(:id AS uuid) RETURNING *)
    INSERT INTO outbox_sent (id, event_id, aggregate, aggregate_id, version, type, payload, headers, created_at, queue,
                             attempts)
    SELECT id, event_id, aggregate, aggregate_id, version, type, payload, headers, created_at, queue, attempts
    FROM moved
"""
TYPES = "SELECT type FROM {table} WHERE aggregate_id = CAST(:id AS uuid) ORDER BY version"
# As far from now as the clock of a test cannot get.
LATER = "UPDATE deleted_users SET erase_at = erase_at - interval '{0}', deleted_at = deleted_at - interval '{0}'"


@pytest.fixture(autouse=True)
async def places_for_what_was_sent(database_url: str) -> None:
    connection = await asyncpg.connect(for_asyncpg(database_url))
    await partitions.maintain(connection)
    await connection.close()


async def types(house: House, table: str, person: Person) -> list[str]:
    return [row["type"] for row in await house.rows(TYPES.format(table=table), id=person.id)]


async def deleted(house: House, name: str, *, is_sent: bool) -> Person:
    """Somebody who registered, took another name, and left."""
    person = await house.join(name)
    await person.call.put("/users/me", json={"username": f"{name}-2"})
    if is_sent:
        await house.rows(SEND, id=person.id)
    assert (await person.call.delete("/users/me")).status_code == 204
    await house.rows(
        "UPDATE deleted_users SET erase_at = now() WHERE erase_at > now() AND erase_at < now() + '10 seconds'"
    )
    return person


@pytest.mark.parametrize("is_sent", [False, True])
async def test_only_the_deletion_is_left_of_a_users_events(house: House, timers: Database, *, is_sent: bool) -> None:
    joy, bob = await deleted(house, "joy", is_sent=is_sent), await house.join("bob")
    await erase_due(timers)
    assert await types(house, "outbox", joy) == ["user.deleted"]
    assert await types(house, "outbox_sent", joy) == []
    assert await types(house, "outbox", bob) == ["user.created"]
    for table in ("outbox", "outbox_sent"):
        assert await house.rows(f"SELECT 1 FROM {table} WHERE payload::text LIKE '%joy%'") == []  # noqa: S608


async def test_what_is_just_being_told_is_told_to_its_end(house: House, timers: Database) -> None:
    ada = await house.join("ada")
    assert (await ada.call.delete("/users/me")).status_code == 204
    await erase_due(timers)
    assert await types(house, "outbox", ada) == ["user.created", "user.deleted"]
    await house.rows(LATER.format("5 seconds"))
    await erase_due(timers)
    assert await types(house, "outbox", ada) == ["user.deleted"]


async def test_what_a_relay_is_just_sending_is_erased_when_it_is_sent(house: House, timers: Database) -> None:
    ada = await deleted(house, "ada", is_sent=False)
    async with house.engine.connect() as relay:
        transaction = await relay.begin()
        await relay.exec_driver_sql("SELECT FROM outbox FOR UPDATE")
        async with asyncio.timeout(5):
            await erase_due(timers)
        await transaction.rollback()
    assert await types(house, "outbox", ada) == ["user.created", "user.updated", "user.deleted"]
    soon = "SELECT 1 FROM deleted_users WHERE erase_at < now() + interval '6 seconds'"
    assert len(await house.rows(soon)) == 1
    await house.rows(SEND, id=ada.id)
    await house.rows(LATER.format("5 seconds"))
    await erase_due(timers)
    assert await types(house, "outbox_sent", ada) == ["user.deleted"]


async def test_what_is_written_down_after_the_first_look_is_found_by_a_later_one(
    house: House, timers: Database
) -> None:
    """An announcement that read the user before and was stored after."""
    ada = await deleted(house, "ada", is_sent=False)
    await erase_due(timers)
    late = """
        INSERT INTO outbox (event_id, aggregate, aggregate_id, version, type, payload, queue)
        VALUES (CAST(:event AS uuid), 'user', CAST(:id AS uuid), 2, 'user.updated', '{"email": "x"}', 'order.users')
    """
    await house.rows(late, id=ada.id, event=str(new_id()))
    await erase_due(timers)
    assert len(await types(house, "outbox", ada)) == 2, "it is not looked at all the time"
    await house.rows(LATER.format("5 minutes"))
    await erase_due(timers)
    assert await types(house, "outbox", ada) == ["user.deleted"]


async def test_after_a_day_nobody_looks_any_more(house: House, timers: Database) -> None:
    await deleted(house, "ada", is_sent=False)
    looks = 0
    while await has_pending_erasures(timers):
        await erase_due(timers)
        await house.rows(LATER.format("12 hours"))
        looks += 1
    assert 2 <= looks <= 3


async def test_two_at_once_do_not_wait_for_each_other(house: House, timers: Database) -> None:
    people = [await deleted(house, f"user{number}", is_sent=number % 2 == 0) for number in range(6)]
    async with asyncio.timeout(10):
        await asyncio.gather(erase_due(timers), erase_due(timers))
    for person in people:
        left = await types(house, "outbox", person) + await types(house, "outbox_sent", person)
        assert left == ["user.deleted"]


async def test_a_crash_in_the_middle_is_made_up_for(
    house: House, timers: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await deleted(house, "ada", is_sent=True)

    def die(_name: str) -> Any:
        raise SystemError

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "failpoint", die)
        with pytest.raises(SystemError):
            await erase_due(timers)
    assert await types(house, "outbox_sent", ada) == ["user.created", "user.updated"]
    await erase_due(timers)
    assert await types(house, "outbox_sent", ada) == []


async def test_who_is_gone_is_known(house: House, timers: Database) -> None:
    ada, bob = await deleted(house, "ada", is_sent=False), await house.join("bob")
    rows = await house.rows("SELECT id FROM deleted_users")
    assert await deleted_users_among(timers, [*(row["id"] for row in rows), new_id()]) == {rows[0]["id"]}
    assert str(rows[0]["id"]) == ada.id != bob.id


async def test_nothing_else_knows_a_deleted_user(house: House) -> None:
    """Every table is searched for what they were called, and for their id."""
    joy = await deleted(house, "joy", is_sent=False)
    tables = await house.rows(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    found = {
        table["relname"]: rows
        for table in tables
        if not table["relname"].startswith("outbox")
        and (
            rows := await house.rows(
                f"SELECT * FROM {table['relname']} AS row WHERE row::text LIKE '%joy%' OR row::text LIKE '%{joy.id}%'"  # noqa: S608
            )
        )
    }
    assert [list(row) for row in found.pop("deleted_users")] == [["id", "version", "deleted_at", "erase_at"]]
    assert found == {}
