"""New rows and the event that tells of them in one statement, which commits by itself or not at all.

For what is written without anything being read or locked before. Four round trips become one.
"""

from typing import Any

from sqlalchemy import BindParameter, text

from libs.contracts.base import Event
from libs.database.reads import Query, Reader
from libs.messaging.bell import Bell
from libs.messaging.outbox import PARAMETERS, STORE, columns
from libs.messaging.unit_of_work import RECORDED
from libs.process.context import correlation_id, traceparent
from libs.process.failpoints import failpoint


def with_event(rows: str, *parameters: BindParameter[Any]) -> Query:
    """`rows` is a WITH that writes them; what puts the event into the outbox comes after it."""
    return Query(text(rows + STORE.text).bindparams(*parameters, *PARAMETERS))


class Statements:
    def __init__(self, database: Reader, bell: Bell) -> None:
        self._database = database
        self._bell = bell

    async def run(self, statement: Query, event: Event, **arguments: Any) -> None:
        told = columns([event], correlation_id=correlation_id.get(), traceparent=traceparent.get())
        failpoint("commit.begun")
        await self._database.all(statement, **arguments, **told)
        failpoint("commit.done")
        RECORDED.labels(event.type).inc()
        self._bell.ring()
