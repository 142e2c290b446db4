"""A handling, with everything around the handler played by fakes."""

from types import SimpleNamespace
from typing import Any, cast

from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import ChannelInvalidStateError

from libs.consumers.database_backoff import DatabaseBackoff
from libs.consumers.handler import MessageHandler
from libs.consumers.quarantine import CrashCounter
from libs.consumers.retry import RetryPublisher


class FakeRetryPublisher(RetryPublisher):
    """Notes where a message would go; which message is the caller's business."""

    def __init__(self) -> None:
        self.moves: list[tuple[str, str]] = []
        self.away: list[Exception] = []

    async def schedule_retry(self, queue: str, message: AbstractIncomingMessage, error: Exception) -> str:  # noqa: ARG002
        return self._moved("climbed", queue, error)

    async def park(self, queue: str, message: AbstractIncomingMessage, reason: Exception | str) -> str:  # noqa: ARG002
        return self._moved("parked", queue, reason)

    def _moved(self, how: str, queue: str, error: Exception | str) -> str:
        if self.away:
            raise self.away.pop()
        self.moves.append((how, type(error).__name__))
        return f"{queue}.{how}"


class FakeCrashCounter(CrashCounter):
    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], int] = {}

    async def count(self, consumer: str, event_id: str) -> int:
        return self.counts.get((consumer, event_id), 0)

    async def start(self, consumer: str, event_id: str) -> int:
        key = (consumer, event_id)
        self.counts[key] = self.counts.get(key, 0) + 1
        return self.counts[key]

    async def finish(self, consumer: str, event_id: str) -> None:
        del self.counts[consumer, event_id]


class Bench:
    def __init__(self) -> None:
        self.retry, self.crashes = FakeRetryPublisher(), FakeCrashCounter()
        self.database_is_away = False
        self.handling = MessageHandler(self.retry, self.crashes, DatabaseBackoff(self._probe))
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
