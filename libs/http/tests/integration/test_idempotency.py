"""Keys in a real database, against requests that repeat, race, freeze, die and fail."""

import asyncio
import os
import signal
import sys

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.database.database import Database
from libs.database.query import Reader
from libs.http.tests.integration.prints import Cabinet, Freeze, SqlPress
from libs.http.tests.press import Customer, make_app, replayed
from libs.idempotency import route
from libs.idempotency.queries import AT_ONCE
from libs.idempotency.store import SqlIdempotencyKeys, expire
from libs.process.ids import new_id
from libs.testing.databases import ROOT
from libs.testing.proxy import Proxy


async def test_the_same_request_twice_is_done_once(ada: Customer, cabinet: Cabinet) -> None:
    first, second = await ada.print("k"), await ada.print("k")
    assert first.status_code == second.status_code == 201
    assert (first.content, first.headers["location"], first.headers["etag"]) == (
        second.content,
        second.headers["location"],
        second.headers["etag"],
    )
    assert (replayed(first), replayed(second)) == (False, True)
    assert await cabinet.prints() == {first.json()["id"]}


async def test_another_request_is_refused(ada: Customer, cabinet: Cabinet) -> None:
    first = await ada.print("k")
    for other in (await ada.print("k", "queued"), await ada.print("k", path="/poster")):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await cabinet.prints() == {first.json()["id"]}


async def test_keys_belong_to_their_user(ada: Customer, keys: SqlIdempotencyKeys, press: SqlPress) -> None:
    bob = Customer(make_app(keys, press), new_id())
    of_ada, of_bob = await ada.print("k"), await bob.print("k", "queued")
    assert (of_ada.status_code, of_bob.status_code) == (201, 202)
    assert of_ada.json() != of_bob.json()


async def test_without_a_key_nothing_is_written(ada: Customer, cabinet: Cabinet) -> None:
    await ada.print(None)
    assert await cabinet.keys() == []


async def test_of_twenty_at_once_one_is_done(ada: Customer, cabinet: Cabinet) -> None:
    answers = await asyncio.gather(*(ada.print("k") for _ in range(20)))
    done = [answer for answer in answers if answer.status_code == 201]
    assert {answer.json()["code"] for answer in answers if answer not in done} <= {"request_in_progress"}
    assert len([answer for answer in done if not replayed(answer)]) == 1
    assert {answer.json()["id"] for answer in done} == await cabinet.prints()
    assert len(await cabinet.prints()) == 1


async def test_while_the_first_runs_the_second_is_told_to_wait(
    ada: Customer, press: SqlPress, cabinet: Cabinet
) -> None:
    press.before = Freeze()
    first = asyncio.create_task(ada.print("k"))
    await press.before.reached.wait()
    second = await ada.print("k")
    assert (second.status_code, second.json()["code"]) == (409, "request_in_progress")
    assert second.headers["retry-after"] == "1"
    # Another body is wrong whatever becomes of the first.
    assert (await ada.print("k", "queued")).json()["code"] == "idempotency_key_reused"
    press.before.thaw.set()
    assert (await first).status_code == 201
    assert replayed(await ada.print("k"))
    assert len(await cabinet.prints()) == 1


@pytest.mark.parametrize("point", ["before", "after"])
async def test_a_frozen_request_is_overtaken_and_ends_late(
    ada: Customer, press: SqlPress, cabinet: Cabinet, point: str
) -> None:
    freeze = Freeze()
    setattr(press, point, freeze)
    first = asyncio.create_task(ada.print("k"))
    await freeze.reached.wait()
    setattr(press, point, None)
    await cabinet.lease_is_over()
    second = await ada.print("k")
    freeze.thaw.set()
    assert (second.status_code, replayed(second)) == (201, False)
    assert (await first).json() == second.json() == (await ada.print("k")).json()
    assert await cabinet.prints() == {second.json()["id"]}


async def test_a_frozen_request_does_not_end_the_claim_of_another(
    ada: Customer, press: SqlPress, cabinet: Cabinet
) -> None:
    frozen, running = Freeze(), Freeze()
    press.before, press.is_jammed = frozen, True
    first = asyncio.create_task(ada.print("k"))
    await frozen.reached.wait()
    await cabinet.lease_is_over()
    press.before = running
    second = asyncio.create_task(ada.print("k"))
    await running.reached.wait()
    frozen.thaw.set()
    assert (await first).json()["code"] == "jammed"
    assert (await ada.print("k")).json()["code"] == "request_in_progress"
    press.is_jammed = False
    running.thaw.set()
    assert (await second).status_code == 201


async def test_a_refusal_does_not_make_room_for_two(ada: Customer, press: SqlPress, cabinet: Cabinet) -> None:
    """The first may yet do what the second was refused. The third must then find it, and not do it again."""
    frozen = Freeze()
    press.before = frozen
    first = asyncio.create_task(ada.print("k"))
    await frozen.reached.wait()
    await cabinet.lease_is_over()
    press.before, press.is_jammed = None, True
    assert (await ada.print("k")).json()["code"] == "jammed"
    press.is_jammed = False
    frozen.thaw.set()
    late = await first
    third = await ada.print("k")
    assert late.json() == third.json()
    assert await cabinet.prints() == {third.json()["id"]}


async def test_a_refused_request_may_be_sent_again_and_be_another(
    ada: Customer, press: SqlPress, cabinet: Cabinet
) -> None:
    press.is_jammed = True
    assert (await ada.print("k")).json()["code"] == "jammed"
    assert await cabinet.keys() == []
    press.is_jammed = False
    assert (await ada.print("k", "queued")).status_code == 202


async def test_after_a_failure_the_request_may_be_sent_again_at_once(
    ada: Customer, press: SqlPress, cabinet: Cabinet
) -> None:
    press.breaks = True
    assert (await ada.print("k")).status_code == 500
    press.breaks = False
    answer = await ada.print("k")
    assert (answer.status_code, replayed(answer)) == (201, False)
    assert await cabinet.prints() == {answer.json()["id"]}
    assert replayed(await ada.print("k"))


async def test_a_refusal_after_a_failure_keeps_the_id(ada: Customer, press: SqlPress, cabinet: Cabinet) -> None:
    press.breaks = True
    await ada.print("k")
    press.breaks, press.is_jammed = False, True
    assert (await ada.print("k")).json()["code"] == "jammed"
    press.is_jammed = False
    answer = await ada.print("k")
    assert await cabinet.prints() == {answer.json()["id"]}


async def test_an_unknown_outcome_is_asked_for_again(ada: Customer, cabinet: Cabinet) -> None:
    first, second = await ada.print("k", "queued"), await ada.print("k", "queued")
    assert first.json() == second.json()
    assert not replayed(second)
    assert len(await cabinet.prints()) == 1


async def test_a_cancelled_request_is_overtaken(ada: Customer, press: SqlPress, cabinet: Cabinet) -> None:
    freeze = press.after = Freeze()
    first = asyncio.create_task(ada.print("k"))
    await freeze.reached.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    press.after = None
    assert (await ada.print("k")).json()["code"] == "request_in_progress"
    await cabinet.lease_is_over()
    assert {(await ada.print("k")).json()["id"]} == await cabinet.prints()


@pytest.mark.parametrize("point", ["key.claimed", "key.used", "key.ended"])
async def test_kill_9_at_any_point(database_url: str, ada: Customer, cabinet: Cabinet, point: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "libs.http.tests.processes.press", database_url, str(ada.user_id), "k"),
        cwd=ROOT,
        env={**os.environ, "SHOP_FAILPOINTS": point},
    )
    assert await process.wait() == -signal.SIGKILL
    made = await cabinet.prints()
    assert len(made) == (point != "key.claimed")
    if point != "key.ended":
        assert (await ada.print("k")).json()["code"] == "request_in_progress"
        await cabinet.lease_is_over()
    answer = await ada.print("k")
    assert (answer.status_code, replayed(answer)) == (201, point == "key.ended")
    assert await cabinet.prints() == (made or {answer.json()["id"]}) == {answer.json()["id"]}


@pytest.mark.parametrize("trouble", ["cut", "strand"])
async def test_the_database_goes_away_after_the_deed(
    database_url: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setattr(route, "SETTLE_TIMEOUT", 0.3)
    async with Proxy(database_url) as proxy:
        through = Reader(proxy.url, pool_size=2)
        freeze = Freeze()
        press = SqlPress(engine, after=freeze)
        ada = Customer(make_app(SqlIdempotencyKeys(through), press), new_id())
        cabinet = Cabinet(engine, ada.user_id)
        first = asyncio.create_task(ada.print("k"))
        await freeze.reached.wait()
        if trouble == "cut":
            await proxy.cut()
        else:
            proxy.blackhole()
        freeze.thaw.set()
        answer = await first
        assert (answer.status_code, {answer.json()["id"]}) == (201, await cabinet.prints())
        if trouble == "cut":
            assert (await ada.print("k")).status_code == 503
            await proxy.restore()
        press.after = None
        await cabinet.lease_is_over()
        assert (await ada.print("k")).json() == answer.json()
        await through.aclose()


async def test_a_key_lives_a_day(ada: Customer, cabinet: Cabinet) -> None:
    first = await ada.print("k")
    await cabinet.is_a_day_old()
    second = await ada.print("k", "queued")
    assert (second.status_code, replayed(second)) == (202, False)
    assert first.json() != second.json()


async def test_of_twenty_at_once_on_an_expired_key_one_is_done(ada: Customer, cabinet: Cabinet) -> None:
    first = await ada.print("k")
    await cabinet.is_a_day_old()
    answers = await asyncio.gather(*(ada.print("k") for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    assert await cabinet.prints() == made | {first.json()["id"]}


async def test_expired_keys_are_removed_and_no_others(ada: Customer, database_url: str, cabinet: Cabinet) -> None:
    transactions = Database(database_url, pool_size=2)
    await ada.print("young")
    await cabinet.fill(2 * AT_ONCE + 1, age="24 hours")
    await asyncio.gather(expire(transactions), expire(transactions))
    await expire(transactions)
    assert await cabinet.keys() == ["young"]
    await transactions.aclose()
