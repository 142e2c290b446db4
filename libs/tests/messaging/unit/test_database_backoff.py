"""Which errors are the database's and pass, and what waits for its end."""

import asyncio

import asyncpg
import pytest

from libs.backoff import Backoff
from libs.consumers.database_backoff import DatabaseBackoff
from libs.database.pool import PoolTimeoutError
from libs.testing.wait import until
from libs.tests.messaging.unit.bench import Bench


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.TooManyConnectionsError("x"),
        asyncpg.AdminShutdownError("x"),
        asyncpg.CannotConnectNowError("x"),
        asyncpg.ReadOnlySQLTransactionError("x"),
        PoolTimeoutError("x"),
    ],
)
async def test_an_outage_is_waited_for_however_long(
    bench: Bench, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.consumers.database_backoff.BACKOFF", Backoff(first=0.001, longest=0.001))
    assert await bench.handle(*[error] * 30) == 31
    assert bench.retry.moves == []
    assert bench.acknowledged == ["m-1"]


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DeadlockDetectedError("x"),
        asyncpg.SerializationError("x"),
        # What waits too long inside a transaction loses its connection, too.
        asyncpg.ConnectionDoesNotExistError("x"),
        asyncpg.InterfaceError("connection is closed"),
        ConnectionResetError(),
        TimeoutError(),
        OSError(),
    ],
)
async def test_what_passes_is_tried_again_but_not_for_ever(
    bench: Bench, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.consumers.database_backoff.BACKOFF", Backoff(first=0.001, longest=0.001))
    assert await bench.handle(error, error, error) == 4
    assert bench.retry.moves == []
    assert await bench.handle(*[error] * 30) < 10
    assert bench.retry.moves == [("climbed", type(error).__name__)]


async def test_while_the_probe_fails_nothing_counts(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.consumers.database_backoff.BACKOFF", Backoff(first=0.001, longest=0.001))
    bench.database_is_away = True
    handling = asyncio.create_task(bench.handle(*[OSError()] * 4))
    await until(lambda: bench.handling._outage._lasts)  # noqa: SLF001 - the consumer has noticed.
    bench.database_is_away = False
    assert await handling == 5
    assert bench.retry.moves == []


async def test_all_that_wait_for_an_outage_know_that_it_was_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.consumers.database_backoff.BACKOFF", Backoff(first=0.001, longest=0.001))
    is_away = True

    async def probe() -> None:
        if is_away:
            raise ConnectionRefusedError

    outage = DatabaseBackoff(probe)
    early = [asyncio.create_task(outage.wait_until_up(1)) for _ in range(3)]
    await until(lambda: outage._lasts)  # noqa: SLF001 - it has been noticed.
    late = [asyncio.create_task(outage.wait_until_up(1)) for _ in range(3)]
    await asyncio.sleep(0)
    is_away = False
    assert await asyncio.gather(*early, *late) == [True] * 6
    assert not await outage.wait_until_up(1)


async def test_stopping_lets_go_of_what_waits_for_the_database(bench: Bench) -> None:
    bench.database_is_away = True
    task = asyncio.create_task(bench.handle(OSError()))
    await until(lambda: bench.handling._waiting)  # noqa: SLF001 - it waits now.
    bench.handling.stop()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert bench.acknowledged == []
    assert bench.retry.moves == []
