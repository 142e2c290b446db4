"""Moves the outbox to the broker. Any number of relays may run; a killed or frozen one loses nothing."""

import asyncio
import contextlib
import logging
import time
from functools import partial
from typing import Any, Final

import asyncpg
from aiormq import Channel
from aiormq.exceptions import AMQPChannelError
from prometheus_client import Gauge, Histogram

from libs.broker.confirmed_channel import ConfirmedChannel, Declare
from libs.broker.connection import BROKER_ERRORS
from libs.broker.connectivity import Connectivity
from libs.broker.watchdog import Heartbeat, StalledError, run_watched
from libs.contracts.topology import Exchange
from libs.database.errors import STATEMENT_ERRORS
from libs.database.urls import for_asyncpg
from libs.outbox import relay_batch
from libs.outbox.maintenance import RelayMaintenance
from libs.outbox.store import CHANNEL
from libs.process.cancellation import raise_if_cancelled
from libs.process.failpoints import failpoint

BATCH: Final = 500
POLL: Final = 1.0
CONNECT_TIMEOUT: Final = 5.0
COMMAND_TIMEOUT: Final = 30.0
# Longer than a batch may wait for its confirms. A relay that hangs longer loses its rows to another.
FROZEN: Final = "60s"
# No part of a step takes as long: to connect, declare, bind and open a channel takes the longest.
STALLED: Final = 180.0

CONNECTED = Gauge("relay_connected", "Relays that can publish", multiprocess_mode="livesum")
DATABASE = Gauge("relay_database_connected", "Relays that reach their database", multiprocess_mode="livesum")
ROWS = Histogram("relay_batch_rows", "Events in a batch", buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500))
CONFIRM = Histogram(
    "relay_confirm_seconds",
    "From the first event of a batch sent to the last confirmed",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30),
)

logger = logging.getLogger(__name__)


class Relay:
    def __init__(self, database_url: str, amqp_url: str, exchange: Exchange, *, declare: Declare) -> None:
        self._dsn = for_asyncpg(database_url)
        self._exchange = exchange
        self._new_publisher = partial(ConfirmedChannel, amqp_url, declare)
        self._publisher = self._new_publisher()
        self._woken = asyncio.Event()
        self._limit = BATCH
        self._housekeeping = RelayMaintenance()
        self._progress = Heartbeat(STALLED)
        self.database = Connectivity("relay's database")
        self.broker = Connectivity("relay's broker")

    async def run(self) -> None:
        """Until it is cancelled. Database or broker being away is waited for; events stay in the outbox meanwhile.

        Raises where it stands still, whatever keeps it. To run it again is safe.
        """
        self._progress.beat()
        try:
            await run_watched("relay", self._run, self._progress.check)
        except StalledError as error:
            self.database.down(error)
            self.broker.down(error)
            raise

    async def _run(self) -> None:
        # Whoever stood still may hold on to the former one for ever.
        publisher = self._publisher = self._new_publisher()
        try:
            while True:
                try:
                    await self._with_database()
                except STATEMENT_ERRORS as error:
                    raise_if_cancelled()
                    DATABASE.set(0)
                    wait = self.database.down(error)
                    # Whoever asks what is missing must not be told of a broker that is there.
                    await self._channel()
                    await asyncio.sleep(wait)
        finally:
            CONNECTED.set(0)
            DATABASE.set(0)
            await publisher.aclose()

    async def check(self) -> None:
        """For readiness: raises while nothing can be relayed."""
        await self.database.check()
        await self.broker.check()

    async def _with_database(self) -> None:
        connection = await asyncpg.connect(
            self._dsn,
            timeout=CONNECT_TIMEOUT,
            command_timeout=COMMAND_TIMEOUT,
            server_settings={
                "application_name": "relay",
                "idle_in_transaction_session_timeout": FROZEN,
                "tcp_user_timeout": FROZEN,
            },
        )
        try:
            await connection.add_listener(CHANNEL, self._wake)
            while True:
                await self._step(connection)
        finally:
            connection.terminate()

    def _wake(self, *_: Any) -> None:
        self._woken.set()

    async def _step(self, connection: asyncpg.Connection) -> None:
        self._woken.clear()
        await self._housekeeping.run_due(connection)
        self.database.up()
        DATABASE.set(1)
        self._progress.beat()
        if (channel := await self._channel()) is None:
            return
        try:
            more = await self._relay_batch(connection, channel)
        except asyncpg.CheckViolationError:
            # No partition for today. The batch is published once more after there is one; readers do not mind.
            self._housekeeping.partition_is_missing()
            return
        if not more:
            with contextlib.suppress(TimeoutError):
                # Not wait_for, which takes no notice of being cancelled in the moment when what it waits for comes.
                async with asyncio.timeout(POLL):
                    await self._woken.wait()

    async def _channel(self) -> Channel | None:
        """None, after a while, if there is none."""
        self._progress.beat()
        try:
            channel = await self._publisher.open()
        except BROKER_ERRORS as error:
            CONNECTED.set(0)
            await asyncio.sleep(self.broker.down(error))
            return None
        self.broker.up()
        CONNECTED.set(1)
        return channel

    async def _relay_batch(self, connection: asyncpg.Connection, channel: Channel) -> bool:
        """True if there may be more to do at once."""
        async with connection.transaction():
            rows = await relay_batch.lock_batch(connection, self._limit)
            if not rows:
                return False
            failpoint("relay.taken")
            started = time.perf_counter()
            published = await relay_batch.publish(channel, self._exchange, rows)
            CONFIRM.observe(time.perf_counter() - started)
            ROWS.observe(len(rows))
            self._progress.beat()
            if isinstance(published.broken, AMQPChannelError) and len(rows) == 1:
                # Alone on its channel, and the broker closed it: this row and no other is the reason.
                published.refused.append((rows[0]["id"], f"refused by the broker: {published.broken}"))
            failpoint("relay.confirmed")
            await relay_batch.settle(connection, published)
            failpoint("relay.settled")
        if published.refused:
            logger.warning("%d events were deferred: %s", len(published.refused), published.refused[0][1])
        if published.nacked:
            # RabbitMQ 3.10 refuses for as long as a dead broker is away what goes to a queue which that one led, over a
            # channel that first published to it between that death and the election. Over a new one it does not.
            await self._publisher.aclose()
        if published.broken is None:
            more = len(rows) == self._limit or published.remaining > 0
            self._limit = min(BATCH, self._limit * 2)
            return more
        if isinstance(published.broken, AMQPChannelError):
            # One of these rows may be to blame: halving the batch finds it while the others get through.
            self._limit = max(1, len(rows) // 2)
        elif isinstance(published.broken, TimeoutError):
            # A broker short of memory reads nothing from who publishes. One event finds out when it does again.
            self._limit = 1
        await self._publisher.aclose()
        await asyncio.sleep(self.broker.down(published.broken))
        return True
