"""New rows and the events that tell of them in one statement, which commits by itself or not at all.

For what is written without anything being read or locked before. Four round trips become one; and what several requests
write at the same time becomes one as well.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import BindParameter, text

from libs.contracts.base import Event
from libs.database.batch_loader import BatchLoader
from libs.database.query import CompiledQuery, Reader
from libs.outbox.notifier import OutboxNotifier
from libs.outbox.store import PARAMETERS, STORE, columns
from libs.outbox.unit_of_work import RECORDED
from libs.process.failpoints import failpoint

Columns = Mapping[str, Sequence[Any]]


def append_outbox_insert(rows: str, *parameters: BindParameter[Any]) -> CompiledQuery:
    """`rows` is a WITH that writes any number of them; what puts their events into the outbox comes after it."""
    return CompiledQuery(text(rows + STORE.text).bindparams(*parameters, *PARAMETERS))


@dataclass(frozen=True, slots=True, eq=False)
class _Written:
    columns: Columns
    event: Event


class InsertWithEvent:
    def __init__(self, statement: CompiledQuery, database: Reader, notifier: OutboxNotifier) -> None:
        self._statement = statement
        self._database = database
        self._notifier = notifier
        self._together = BatchLoader(self._run)

    async def execute(self, event: Event, rows: Columns) -> None:
        """`rows` are the statement's parameters; others' are appended to each of them."""
        told = columns([event])
        await self._together.load_many([_Written({**rows, **told}, event)])

    async def _run(self, written: Collection[_Written]) -> Mapping[_Written, None]:
        every = [each.columns for each in written]
        failpoint("commit.begun")
        await self._database.fetch_all(
            self._statement, **{name: list(chain.from_iterable(each[name] for each in every)) for name in every[0]}
        )
        failpoint("commit.done")
        for each in written:
            RECORDED.labels(each.event.type).inc()
        self._notifier.notify()
        return {}
