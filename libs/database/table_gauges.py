"""What a service has, as Prometheus sees it: rows counted by the database, now and then."""

import time
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import Gauge
from sqlalchemy import TextClause

from libs.database.database import Database

INTERVAL: Final = 15.0
# Counting a table takes the longer the more there is. So long as it rests a hundred times as long as it counts, it
# takes one per cent of one processor at most, whatever the size.
IDLE_RATIO: Final = 100.0


@dataclass(frozen=True, slots=True)
class GaugeQuery:
    """The statement's rows are values of the gauge's labels, in their order, and the number."""

    gauge: Gauge
    statement: TextClause


@dataclass(slots=True)
class TableGauges:
    """For a timer. All workers of a service find the same, so several do no harm."""

    transactions: Database
    counts: tuple[GaugeQuery, ...]
    _due: dict[str, float] = field(default_factory=dict)
    _seen: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)

    async def refresh(self) -> None:
        for count in self.counts:
            name = count.statement.text
            began = time.monotonic()
            if began >= self._due.get(name, 0.0):
                await self._refresh(count)
                took = time.monotonic() - began
                self._due[name] = began + max(INTERVAL / 2, IDLE_RATIO * took)

    async def _refresh(self, count: GaugeQuery) -> None:
        rows = await self.transactions.fetch_all(count.statement)
        found = {tuple(str(value) for value in row[:-1]): float(row[-1]) for row in rows}
        name = count.statement.text
        # Where nothing is left of something, no row says so.
        gone = {labels for statement, labels in self._seen if statement == name} - found.keys()
        self._seen |= {(name, labels) for labels in found}
        for labels, number in found.items() | {(labels, 0.0) for labels in gone}:
            (count.gauge.labels(*labels) if labels else count.gauge).set(number)
