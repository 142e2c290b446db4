"""The consumers of a process, from declaring the topology to leaving unhandled messages where they are."""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from functools import partial

from faststream.rabbit import RabbitRouter

from libs.broker import topology
from libs.broker.confirmed_channel import ConfirmedChannel, Declare
from libs.broker.connection import BROKER_ERRORS, broker_timeout
from libs.broker.connectivity import Connectivity, NotConnectedError
from libs.broker.topology import RETRY_DELAYS, RetryDelay
from libs.broker.watchdog import RECOVERIES
from libs.consumers.database_backoff import DatabaseBackoff
from libs.consumers.handler import MessageHandler
from libs.consumers.liveness import ConsumerLiveness
from libs.consumers.quarantine import CrashCounter
from libs.consumers.retry import RetryPublisher
from libs.consumers.subscriber import new_broker
from libs.database.database import Database

START_TIMEOUT = 30.0
STOP_TIMEOUT = 15.0
CHECK_INTERVAL = 1.5
# A queue that changes its leader knows of no reader for a moment.
MISSING_CHECKS = 2
# Seconds for the client library to bring a consumer back, from when its queue is there.
RECOVERY_TIMEOUT = 10.0


class ConsumersMissingError(Exception):
    """These queues are not read."""


class ConsumerRunner:
    def __init__(
        self,
        transactions: Database,
        amqp_url: str,
        routers: Sequence[RabbitRouter],
        context: Mapping[str, object],
        *,
        declare: Declare | None = None,
        retry_delays: Sequence[RetryDelay] = RETRY_DELAYS,
    ) -> None:
        """`transactions` are for what is asked and noted beside messages: handlers may have all of theirs in use."""
        self._amqp_url = amqp_url
        self._declare = declare or partial(topology.declare, amqp_url)
        self._publisher = ConfirmedChannel(amqp_url, self._declare)
        self._handling = MessageHandler(
            RetryPublisher(self._publisher, retry_delays),
            CrashCounter(transactions),
            DatabaseBackoff(transactions.ping),
        )
        self._broker = new_broker(amqp_url, self._handling, context)
        self._broker.include_routers(*routers)
        self._liveness = ConsumerLiveness(self._broker)
        self._link = Connectivity("consumers")

    async def run(self) -> None:
        """Starts when the broker is there, and looks after the consumers from then on."""
        while True:
            try:
                await self._start()
            except BROKER_ERRORS as error:
                await self._stop_broker()
                await asyncio.sleep(self._link.down(error))
            else:
                self._link.up()
                await self._watch()
                RECOVERIES.labels("consumers").inc()
                await self._liveness.abandon()
                await self._stop_broker()

    async def _start(self) -> None:
        await self._declare()
        for subscriber in self._broker.subscribers:
            # FastStream drops, unacknowledged, what comes before it marks a subscriber as running, and it marks it only
            # after the broker was asked for messages.
            subscriber.running = True
        async with broker_timeout(START_TIMEOUT):
            await self._broker.start()

    async def _watch(self) -> None:
        """Returns when consumers stay away although their queues are there."""
        looks, declared_at = 0, None
        while declared_at is None or time.monotonic() - declared_at < RECOVERY_TIMEOUT:
            await asyncio.sleep(CHECK_INTERVAL)
            if not (absent := await self._liveness.missing()):
                self._link.up()
                if declared_at is not None:
                    RECOVERIES.labels("consumers").inc()
                looks, declared_at = 0, None
            elif (looks := looks + 1) >= MISSING_CHECKS:
                self._link.down(ConsumersMissingError(", ".join(absent)))
                if declared_at is None:
                    with contextlib.suppress(*BROKER_ERRORS):
                        # Where a queue is gone, the client library waits for somebody who makes it.
                        await self._declare()
                        declared_at = time.monotonic()

    async def check(self) -> None:
        """For readiness."""
        await self._link.check()
        if not await self._broker.ping(timeout=0.1):
            raise NotConnectedError("consumers")

    async def stop(self) -> None:
        """Finishes what is being handled; the rest stays in its queues."""
        self._handling.stop()
        await self._stop_broker()
        await self._publisher.aclose()

    async def _stop_broker(self) -> None:
        # A broker that does not answer keeps nobody from starting again, nor the process from ending.
        with contextlib.suppress(*BROKER_ERRORS, ExceptionGroup):
            async with broker_timeout(STOP_TIMEOUT):
                await self._broker.stop()
