"""The transaction that commits rows and the events that tell of them together, or neither."""

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Generic, Self, TypeVar

from prometheus_client import Counter

from libs.contracts.base import Event
from libs.database.database import Database, Transaction
from libs.outbox.notifier import OutboxNotifier
from libs.outbox.store import store
from libs.process.failpoints import failpoint

RECORDED = Counter("events_recorded_total", "What has happened in this service, as it tells the others", ["type"])

Fact = TypeVar("Fact")


class SqlUnitOfWork(ABC, Generic[Fact]):
    """Base of each service's unit of work: `async with uow() as work:` commits on a clean exit and only there.

    A use case records what happened as facts of its domain; they become contracts and outbox rows before the commit.
    """

    def __init__(self, transactions: Database, notifier: OutboxNotifier) -> None:
        self._scope: AbstractAsyncContextManager[Transaction] = transactions.transaction(
            before_commit=self._store_events
        )
        self._notifier = notifier
        self._events: list[Event] = []
        self._facts: list[Fact] = []
        self._repeated: list[Fact] = []

    @abstractmethod
    def open_repositories(self, transaction: Transaction) -> None:
        """Has the service's repositories work in the transaction."""

    @abstractmethod
    def contract(self, fact: Fact) -> Event:
        """The public event that tells of a fact."""

    async def after_commit(self) -> None:
        """What else a service has to do before the client hears of success. The transaction is over."""

    def record(self, fact: Fact) -> None:
        self._facts.append(fact)

    def republish(self, fact: Fact) -> None:
        """Tells once more of what had happened before. It is no news, and counted as none."""
        self._repeated.append(fact)

    async def __aenter__(self) -> Self:
        self.open_repositories(await self._scope.__aenter__())
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._scope.__aexit__(error_type, error, traceback)
        if error is not None:
            return
        if self._events:
            failpoint("commit.done")
            for news in self._events[: len(self._facts)]:
                RECORDED.labels(news.type).inc()
            self._notifier.notify()
        await self.after_commit()

    async def _store_events(self, transaction: Transaction) -> None:
        self._events = [self.contract(fact) for fact in (*self._facts, *self._repeated)]
        if self._events:
            await store(transaction, self._events)
            failpoint("commit.begun")
