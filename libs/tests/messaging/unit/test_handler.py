"""What a message comes to by what its handler ends with."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest

from libs.broker.cloudevents import DecodeError
from libs.consumers.batching import Batch, Delivery
from libs.consumers.message import IncomingEvent
from libs.contracts.auth import UserDeleted
from libs.observability.context import log_fields
from libs.process.ids import new_id
from libs.tests.messaging.unit.bench import Bench


async def test_success_is_acknowledged(bench: Bench) -> None:
    assert await bench.handle() == 1
    assert bench.acknowledged == ["m-1"]
    assert bench.retry.moves == []


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no"),
        KeyError("no"),
        asyncpg.UniqueViolationError("no"),
        asyncpg.UndefinedTableError("no"),
    ],
)
async def test_an_error_of_the_handler_climbs(bench: Bench, error: Exception) -> None:
    assert await bench.handle(error) == 1
    assert bench.retry.moves == [("climbed", type(error).__name__)]
    assert bench.acknowledged == ["m-1"]


async def test_a_handler_that_hangs_climbs_and_holds_up_nobody_for_ever(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.consumers.run_handler.TIMEOUT", 0.05)

    started = asyncio.Event()

    async def hang() -> None:
        started.set()
        await asyncio.Event().wait()

    hanging = asyncio.create_task(bench.handling.handle("q", bench.message(message_id="m-2"), hang))
    await started.wait()
    async with asyncio.timeout(5):
        # It came before, so it waits to be alone.
        assert await bench.handle(redelivered=True) == 1
        await hanging
    assert bench.retry.moves == [("climbed", "HandlerTimeoutError")]
    assert set(bench.acknowledged) == {"m-1", "m-2"}


@pytest.mark.parametrize("end", [asyncio.CancelledError(), SystemExit(1)], ids=repr)
async def test_what_a_handler_ends_with_that_nobody_asked_to_end_climbs(bench: Bench, end: BaseException) -> None:
    async def break_off() -> None:
        raise end

    await bench.handling.handle("q", bench.message(), break_off)
    assert bench.retry.moves == [("climbed", "HandlerCancelledError")]
    assert bench.acknowledged == ["m-1"]


async def test_what_cannot_be_read_is_parked_at_once(bench: Bench) -> None:
    await bench.handle(DecodeError("no"))
    assert bench.retry.moves == [("parked", "DecodeError")]


@pytest.mark.parametrize("error", [ConnectionError("no broker"), TypeError("headers that nobody can write")])
async def test_the_copy_is_made_before_the_original_goes(bench: Bench, error: Exception) -> None:
    bench.retry.away = [error] * 2
    await bench.handle(ValueError("no"))
    assert bench.retry.moves == [("climbed", "ValueError")]
    assert bench.acknowledged == ["m-1"]


async def test_an_acknowledgement_that_fails_is_no_error(bench: Bench) -> None:
    bench.ack_fails = True
    assert await bench.handle() == 1


async def test_a_cancelled_handler_ends_whatever_it_raises(bench: Bench) -> None:
    started = asyncio.Event()

    async def call() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise TimeoutError("rolling back")

    task = asyncio.create_task(bench.handling.handle("q", bench.message(), call))
    await started.wait()
    task.cancel()
    await asyncio.wait([task], timeout=5)
    assert task.cancelled()
    assert bench.retry.moves == []
    assert bench.acknowledged == []


async def test_a_batch_is_not_taken_for_the_last_message_of_the_former_one(bench: Bench) -> None:
    causes: list[dict[str, str]] = []
    event = UserDeleted(id=new_id(), version=1)

    async def call() -> None:
        causes.append(log_fields())

    async def ack(_: object) -> None:
        return

    for _ in range(2):
        message = bench.message(traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        taken: Any = Delivery(message, IncomingEvent(event, "id", "story", datetime.now(UTC), b""), 0.0)
        await bench.handling.handle_batch("q", Batch(cast(Any, SimpleNamespace(ack=ack)), [taken]), call)
        assert log_fields()["request_id"] == "story"
    assert causes == [{"request_id": "-"}] * 2
