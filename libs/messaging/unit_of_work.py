"""The transaction that commits rows and the events that tell of them together, or neither."""

from abc import ABC, abstractmethod
from contextlib import aclosing
from types import TracebackType
from typing import Generic, Self, TypeVar

from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.contracts.base import Event
from libs.messaging.bell import Bell
from libs.messaging.outbox import store
from libs.process.failpoints import failpoint

RECORDED = Counter("events_recorded_total", "What has happened in this service, as it tells the others", ["type"])

Fact = TypeVar("Fact")


class SqlUnitOfWork(ABC, Generic[Fact]):
    """Base of each service's unit of work: `async with uow() as work:` commits on a clean exit and only there.

    A use case records what happened as facts of its domain; they become contracts and outbox rows before the commit.
    """

    connection: AsyncConnection

    def __init__(self, engine: AsyncEngine, bell: Bell) -> None:
        self._engine = engine
        self._bell = bell
        self._facts: list[Fact] = []
        self._repeated: list[Fact] = []

    @abstractmethod
    def open_repositories(self, connection: AsyncConnection) -> None:
        """Puts the service's repositories on the transaction's connection."""

    @abstractmethod
    def contract(self, fact: Fact) -> Event:
        """The public event that tells of a fact."""

    def record(self, fact: Fact) -> None:
        self._facts.append(fact)

    def repeat(self, fact: Fact) -> None:
        """Tells once more of what had happened before. It is no news, and counted as none."""
        self._repeated.append(fact)

    async def __aenter__(self) -> Self:
        self.connection = await self._engine.connect()
        await self.connection.begin()
        self.open_repositories(self.connection)
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        async with aclosing(self.connection):  # gives the connection back, rolling back what was not committed
            if error_type is not None:
                return
            events = [self.contract(fact) for fact in (*self._facts, *self._repeated)]
            if events:
                await store(self.connection, events)
                failpoint("commit.begun")
            await self.connection.commit()
        if events:
            failpoint("commit.done")
            for news in events[: len(self._facts)]:
                RECORDED.labels(news.type).inc()
            self._bell.ring()
