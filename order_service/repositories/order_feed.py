"""One look at the database for all whom this process keeps informed of their orders.

What is remembered of each is the version it was told last, so it does not matter when it came, which notifications were
lost or how long the database was away: the next look finds exactly what is missing.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

import asyncpg
from prometheus_client import Gauge

from libs.broker.connectivity import Connectivity
from libs.database.timeouts import CONNECT_TIMEOUT
from libs.database.urls import for_asyncpg
from libs.errors import Unavailable
from libs.outbox.store import CHANNEL
from order_service.domain.live import PAGE_SIZE, HistoryPage
from order_service.domain.ports import Row
from order_service.exceptions import TooManyStreams
from order_service.repositories.subscription import BufferedSubscription

# Notifications come after commits that publish events; not every change does, and one may be lost.
POLL_INTERVAL: Final = 1.0
# Many commits a second become one look.
MIN_INTERVAL: Final = 0.05
LOOK_TIMEOUT: Final = 5.0
# Each costs a socket, of which a process usually has 1024. The first keeps one person from taking all of them, the
# second some for the rest of the API.
STREAMS_OF_ONE: Final = 100
STREAMS_OF_ALL: Final = 800
RETRY_AFTER: Final = 5

STREAMS = Gauge("order_event_streams", "Event streams that are open", multiprocess_mode="livesum")
# For each order at most a page, by the primary key, however many there are of both.
NEWS = """
    SELECT entry.order_id, version, at, actor, from_status AS "from", to_status AS "to", reason
    FROM unnest($1::uuid[], $2::bigint[]) AS watched (order_id, after)
    CROSS JOIN LATERAL (
        SELECT * FROM order_history AS history
        WHERE history.order_id = watched.order_id AND history.version > watched.after
        ORDER BY history.version LIMIT $3
    ) AS entry
    ORDER BY entry.order_id, version
"""


class PgOrderFeed:
    def __init__(self, database_url: str) -> None:
        self._dsn = for_asyncpg(database_url)
        self._followers: set[BufferedSubscription] = set()
        self._somebody = asyncio.Event()
        self._woken = asyncio.Event()
        self._database = Connectivity("orders' watch")

    @contextlib.contextmanager
    def follow(self, order_id: UUID, after: int, person: UUID) -> Iterator[BufferedSubscription]:
        if sum(each.person == person for each in self._followers) >= STREAMS_OF_ONE:
            raise TooManyStreams(f"{STREAMS_OF_ONE} at once are enough; close some first.", retry_after=RETRY_AFTER)
        if len(self._followers) >= STREAMS_OF_ALL:
            raise Unavailable("Too many orders are being followed; try again shortly.", retry_after=RETRY_AFTER)
        follower = BufferedSubscription(order_id, after, person)
        self._followers.add(follower)
        STREAMS.inc()
        # For what was written since `after` was read no notification comes again.
        self._somebody.set()
        self._woken.set()
        try:
            yield follower
        finally:
            STREAMS.dec()
            self._followers.discard(follower)
            if not self._followers:
                self._somebody.clear()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Nobody is told anything outside of it."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            await self._somebody.wait()
            try:
                await self._with_database()
            except Exception as error:  # noqa: BLE001 - whatever it is, streams are open and wait for its end.
                await asyncio.sleep(self._database.down(error))

    async def _with_database(self) -> None:
        connection = await asyncpg.connect(
            self._dsn,
            timeout=CONNECT_TIMEOUT,
            command_timeout=LOOK_TIMEOUT,
            server_settings={"application_name": "watch", "jit": "off"},
        )
        try:
            await connection.add_listener(CHANNEL, self._wake)
            while True:
                await self._somebody.wait()
                self._woken.clear()
                await self._look(connection)
                self._database.up()
                await asyncio.sleep(MIN_INTERVAL)
                # Not `wait_for`: up to Python 3.11 it may lose a cancellation that comes together with a ring.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_INTERVAL):
                        await self._woken.wait()
        finally:
            connection.terminate()

    def _wake(self, *_: Any) -> None:
        self._woken.set()

    async def _look(self, connection: asyncpg.Connection) -> None:
        waiting: defaultdict[UUID, list[BufferedSubscription]] = defaultdict(list)
        for each in self._followers:
            if each.takes_more:
                waiting[each.order_id].append(each)
        if not waiting:
            return
        after = [min(each.after for each in followers) for followers in waiting.values()]
        rows: list[Row] = [dict(row) for row in await connection.fetch(NEWS, list(waiting), after, PAGE_SIZE + 1)]
        for order_id, entries in groupby(rows, key=itemgetter("order_id")):
            news = HistoryPage.of(list(entries))
            for follower in waiting[order_id]:
                follower.give(news)
            if news.more:
                self._woken.set()
