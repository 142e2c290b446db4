"""What a relay does beside relaying: partitions made ahead, and what waits told as metrics."""

import time
from typing import Final

import asyncpg
from prometheus_client import Gauge

from libs.outbox import partitions

MEASURE_EVERY: Final = 5.0
MAINTAIN_EVERY: Final = 3600.0

# The same for all relays of a service, so the newest is right wherever several share a page.
PENDING = Gauge("outbox_pending", "Events that wait in the outbox", multiprocess_mode="mostrecent")
OLDEST = Gauge(
    "outbox_oldest_seconds",
    "Age of the event that waits the longest; replayed events are not counted",
    multiprocess_mode="mostrecent",
)
DEFERRED = Gauge("outbox_deferred", "Events that the broker did not take yet", multiprocess_mode="mostrecent")
MEASURE = """
    SELECT count(*) AS pending,
           coalesce(max(extract(epoch FROM clock_timestamp() - created_at)) FILTER (WHERE queue = ''), 0)::float8
               AS oldest,
           count(*) FILTER (WHERE attempts > 0) AS deferred
    FROM outbox
"""


class RelayMaintenance:
    def __init__(self) -> None:
        self._measured_at = self._maintained_at = float("-inf")

    def partition_is_missing(self) -> None:
        self._maintained_at = float("-inf")

    async def run_due(self, connection: asyncpg.Connection) -> None:
        """What is due."""
        now = time.monotonic()
        if now - self._maintained_at >= MAINTAIN_EVERY:
            await partitions.maintain(connection)
            self._maintained_at = now
        if now - self._measured_at >= MEASURE_EVERY:
            measured = await connection.fetchrow(MEASURE)
            PENDING.set(measured["pending"])
            OLDEST.set(measured["oldest"])
            DEFERRED.set(measured["deferred"])
            self._measured_at = now
