"""The transaction that commits rows and the events that tell of them together, or neither."""

from abc import ABC, abstractmethod
from contextlib import aclosing
from types import TracebackType
from typing import Generic, Self, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.contracts.base import Event
from libs.messaging.bell import Bell
from libs.messaging.outbox import store
from libs.process.context import correlation_id, traceparent
from libs.process.failpoints import failpoint

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

    @abstractmethod
    def open_repositories(self, connection: AsyncConnection) -> None:
        """Puts the service's repositories on the transaction's connection."""

    @abstractmethod
    def contract(self, fact: Fact) -> Event:
        """The public event that tells of a fact."""

    def record(self, fact: Fact) -> None:
        self._facts.append(fact)

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
            if self._facts:
                events = [self.contract(fact) for fact in self._facts]
                await store(self.connection, events, correlation_id=correlation_id.get(), traceparent=traceparent.get())
                failpoint("commit.begun")
            await self.connection.commit()
        if self._facts:
            failpoint("commit.done")
            self._bell.ring()
