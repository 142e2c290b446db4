"""Which error means what, with everything around the handler played by fakes."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest
from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import ChannelInvalidStateError

from libs.contracts.auth import UserDeleted
from libs.database.connections import NoConnectionError
from libs.messaging import handling
from libs.messaging.batches import Batch, Taken
from libs.messaging.cloudevents import Undecodable
from libs.messaging.deliveries import Deliveries
from libs.messaging.handling import DEATHS, Handling
from libs.messaging.ladder import Ladder
from libs.messaging.outage import Outage
from libs.messaging.reading import Read
from libs.process.context import facts
from libs.process.ids import new_id
from libs.testing.wait import until


class FakeLadder(Ladder):
    """Notes where a message would go; which message is the caller's business."""

    def __init__(self) -> None:
        self.moves: list[tuple[str, str]] = []
        self.away: list[Exception] = []

    async def climb(self, queue: str, message: AbstractIncomingMessage, error: Exception) -> str:  # noqa: ARG002
        return self._moved("climbed", queue, error)

    async def park(self, queue: str, message: AbstractIncomingMessage, reason: Exception | str) -> str:  # noqa: ARG002
        return self._moved("parked", queue, reason)

    def _moved(self, how: str, queue: str, error: Exception | str) -> str:
        if self.away:
            raise self.away.pop()
        self.moves.append((how, type(error).__name__))
        return f"{queue}.{how}"


class FakeDeliveries(Deliveries):
    def __init__(self) -> None:
        self.deaths: dict[tuple[str, str], int] = {}

    async def noted(self, consumer: str, event_id: str) -> int:
        return self.deaths.get((consumer, event_id), 0)

    async def begin(self, consumer: str, event_id: str) -> int:
        key = (consumer, event_id)
        self.deaths[key] = self.deaths.get(key, 0) + 1
        return self.deaths[key]

    async def end(self, consumer: str, event_id: str) -> None:
        del self.deaths[consumer, event_id]


class Bench:
    def __init__(self) -> None:
        self.ladder, self.deliveries = FakeLadder(), FakeDeliveries()
        self.database_is_away = False
        self.handling = Handling(self.ladder, self.deliveries, Outage(self._probe))
        self.acknowledged: list[str] = []
        self.ack_fails = False

    async def _probe(self) -> None:
        if self.database_is_away:
            raise ConnectionRefusedError

    def message(self, *, redelivered: bool = False, message_id: str | None = "m-1", **headers: Any) -> Any:
        async def ack() -> None:
            if self.ack_fails:
                raise ChannelInvalidStateError("closed")
            self.acknowledged.append(str(message_id))

        return cast(
            AbstractIncomingMessage,
            SimpleNamespace(
                redelivered=redelivered,
                message_id=message_id,
                type="thing.changed",
                correlation_id="story",
                headers=headers,
                body=b"body",
                exchange="things",
                ack=ack,
            ),
        )

    async def handle(self, *errors: Exception, **message: Any) -> int:
        """Handles a message whose handler raises these errors, one a call, and then succeeds. The number of calls."""
        calls = 0

        async def call() -> None:
            nonlocal calls
            calls += 1
            if calls <= len(errors):
                raise errors[calls - 1]

        await self.handling.handle("q", self.message(**message), call)
        return calls


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(handling, "QUARANTINE", 0.25)
    return Bench()


async def test_success_is_acknowledged(bench: Bench) -> None:
    assert await bench.handle() == 1
    assert bench.acknowledged == ["m-1"]
    assert bench.ladder.moves == []


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
    assert bench.ladder.moves == [("climbed", type(error).__name__)]
    assert bench.acknowledged == ["m-1"]


async def test_a_handler_that_hangs_climbs_and_holds_up_nobody_for_ever(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.messaging.attempt.LONGEST", 0.05)

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
    assert bench.ladder.moves == [("climbed", "HangingError")]
    assert set(bench.acknowledged) == {"m-1", "m-2"}


@pytest.mark.parametrize("end", [asyncio.CancelledError(), SystemExit(1)], ids=repr)
async def test_what_a_handler_ends_with_that_nobody_asked_to_end_climbs(bench: Bench, end: BaseException) -> None:
    async def break_off() -> None:
        raise end

    await bench.handling.handle("q", bench.message(), break_off)
    assert bench.ladder.moves == [("climbed", "BrokenOffError")]
    assert bench.acknowledged == ["m-1"]


async def test_what_cannot_be_read_is_parked_at_once(bench: Bench) -> None:
    await bench.handle(Undecodable("no"))
    assert bench.ladder.moves == [("parked", "Undecodable")]


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.TooManyConnectionsError("x"),
        asyncpg.AdminShutdownError("x"),
        asyncpg.CannotConnectNowError("x"),
        asyncpg.ReadOnlySQLTransactionError("x"),
        NoConnectionError("x"),
    ],
)
async def test_an_outage_is_waited_for_however_long(
    bench: Bench, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.messaging.outage.LONGEST_WAIT", 0.001)
    assert await bench.handle(*[error] * 30) == 31
    assert bench.ladder.moves == []
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
    monkeypatch.setattr("libs.messaging.outage.LONGEST_WAIT", 0.001)
    assert await bench.handle(error, error, error) == 4
    assert bench.ladder.moves == []
    assert await bench.handle(*[error] * 30) < 10
    assert bench.ladder.moves == [("climbed", type(error).__name__)]


async def test_while_the_probe_fails_nothing_counts(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.messaging.outage.LONGEST_WAIT", 0.001)
    bench.database_is_away = True
    handling = asyncio.create_task(bench.handle(*[OSError()] * 4))
    await until(lambda: bench.handling._outage._lasts)  # noqa: SLF001 - the consumer has noticed.
    bench.database_is_away = False
    assert await handling == 5
    assert bench.ladder.moves == []


async def test_all_that_wait_for_an_outage_know_that_it_was_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.messaging.outage.LONGEST_WAIT", 0.001)
    is_away = True

    async def probe() -> None:
        if is_away:
            raise ConnectionRefusedError

    outage = Outage(probe)
    early = [asyncio.create_task(outage.over(1)) for _ in range(3)]
    await until(lambda: outage._lasts)  # noqa: SLF001 - it has been noticed.
    late = [asyncio.create_task(outage.over(1)) for _ in range(3)]
    await asyncio.sleep(0)
    is_away = False
    assert await asyncio.gather(*early, *late) == [True] * 6
    assert not await outage.over(1)


@pytest.mark.parametrize("error", [ConnectionError("no broker"), TypeError("headers that nobody can write")])
async def test_the_copy_is_made_before_the_original_goes(bench: Bench, error: Exception) -> None:
    bench.ladder.away = [error] * 2
    await bench.handle(ValueError("no"))
    assert bench.ladder.moves == [("climbed", "ValueError")]
    assert bench.acknowledged == ["m-1"]


async def test_an_acknowledgement_that_fails_is_no_error(bench: Bench) -> None:
    bench.ack_fails = True
    assert await bench.handle() == 1


@pytest.mark.parametrize("again", [{"redelivered": True}, {"x-delivery-count": 1}])
async def test_what_comes_again_is_handled_alone(bench: Bench, again: dict[str, Any]) -> None:
    inside: list[str] = []
    most = 0

    async def call() -> None:
        nonlocal most
        inside.append("")
        most = max(most, len(inside))
        await asyncio.sleep(0)
        inside.pop()

    fresh = [bench.message(message_id=f"f-{number}") for number in range(3)]
    await asyncio.gather(
        *(bench.handling.handle("q", bench.message(**again, message_id=f"m-{number}"), call) for number in range(3))
    )
    assert most == 1
    await asyncio.gather(*(bench.handling.handle("q", message, call) for message in fresh))
    assert most == 3
    assert bench.deliveries.deaths == {}


async def test_a_message_that_killed_often_enough_is_parked_unopened(bench: Bench) -> None:
    bench.deliveries.deaths["q", "m-1"] = DEATHS - 1
    assert await bench.handle(redelivered=True) == 0
    assert bench.ladder.moves == [("parked", "DeadlyError")]
    assert bench.deliveries.deaths == {}


async def test_a_suspect_waits_and_counts_nothing_while_others_are_handled(bench: Bench) -> None:
    """A process that is killed right after its start would else make a culprit of whoever comes first each time."""
    bench.deliveries.deaths["q", "m-1"] = DEATHS - 1
    suspect = asyncio.create_task(bench.handle(redelivered=True))
    assert await bench.handle(message_id="m-2") == 1
    assert bench.deliveries.deaths == {("q", "m-1"): DEATHS - 1}
    assert not suspect.done()
    await suspect


async def test_a_message_without_an_id_is_known_by_its_bytes(bench: Bench) -> None:
    seen: list[str] = []

    async def call() -> None:
        seen.extend(event_id for _, event_id in bench.deliveries.deaths)

    await bench.handling.handle("q", bench.message(redelivered=True, message_id=None), call)
    await bench.handling.handle("q", bench.message(redelivered=True, message_id=None), call)
    assert len(seen[0]) == 64
    assert seen[0] == seen[1]


async def test_a_cancelled_handler_is_no_death(bench: Bench) -> None:
    started = asyncio.Event()

    async def call() -> None:
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(bench.handling.handle("q", bench.message(redelivered=True), call))
    await started.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert bench.deliveries.deaths == {}
    assert bench.acknowledged == []


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
    assert bench.ladder.moves == []
    assert bench.acknowledged == []


async def test_a_batch_is_not_taken_for_the_last_message_of_the_former_one(bench: Bench) -> None:
    causes: list[dict[str, str]] = []
    event = UserDeleted(id=new_id(), version=1)

    async def call() -> None:
        causes.append(facts())

    async def ack(_: object) -> None:
        return

    for _ in range(2):
        message = bench.message(traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        taken: Any = Taken(message, Read(event, "id", "story", datetime.now(UTC), b""), 0.0)
        await bench.handling.handle_batch("q", Batch(cast(Any, SimpleNamespace(ack=ack)), [taken]), call)
        assert facts()["request_id"] == "story"
    assert causes == [{"request_id": "-"}] * 2


async def test_stopping_lets_go_of_what_waits_for_the_database(bench: Bench) -> None:
    bench.database_is_away = True
    task = asyncio.create_task(bench.handle(OSError()))
    await until(lambda: bench.handling._waiting)  # noqa: SLF001 - it waits now.
    bench.handling.stop()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert bench.acknowledged == []
    assert bench.ladder.moves == []
