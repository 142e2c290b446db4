"""What a service has, as Prometheus sees it: rows counted by the database, now and then."""

import time
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import Gauge
from sqlalchemy import TextClause

from libs.database.transactions import Transactions

EVERY: Final = 15.0
# Counting a table takes the longer the more there is. So long as it rests a hundred times as long as it counts, it
# takes one per cent of one processor at most, whatever the size.
REST: Final = 100.0


@dataclass(frozen=True, slots=True)
class Count:
    """The statement's rows are values of the gauge's labels, in their order, and the number."""

    gauge: Gauge
    statement: TextClause


@dataclass(slots=True)
class Census:
    """For a timer. All workers of a service find the same, so several do no harm."""

    transactions: Transactions
    counts: tuple[Count, ...]
    _due: dict[str, float] = field(default_factory=dict)
    _seen: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)

    async def take(self) -> None:
        for count in self.counts:
            name = count.statement.text
            began = time.monotonic()
            if began >= self._due.get(name, 0.0):
                await self._take(count)
                took = time.monotonic() - began
                self._due[name] = began + max(EVERY / 2, REST * took)

    async def _take(self, count: Count) -> None:
        rows = await self.transactions.all(count.statement)
        found = {tuple(str(value) for value in row[:-1]): float(row[-1]) for row in rows}
        name = count.statement.text
        # Where nothing is left of something, no row says so.
        gone = {labels for statement, labels in self._seen if statement == name} - found.keys()
        self._seen |= {(name, labels) for labels in found}
        for labels, number in found.items() | {(labels, 0.0) for labels in gone}:
            (count.gauge.labels(*labels) if labels else count.gauge).set(number)
