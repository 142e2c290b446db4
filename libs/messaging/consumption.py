"""The consumers of a process, from declaring the topology to leaving unhandled messages where they are."""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from functools import partial

from faststream.rabbit import RabbitRouter

from libs.database.transactions import Transactions
from libs.messaging import topology
from libs.messaging.connection import BROKER_ERRORS, answering
from libs.messaging.consumer import new_broker
from libs.messaging.deliveries import Deliveries
from libs.messaging.handling import Handling
from libs.messaging.ladder import Ladder
from libs.messaging.link import Link, LinkDownError
from libs.messaging.outage import Outage
from libs.messaging.presence import Presence
from libs.messaging.publisher import Declare, Publisher
from libs.messaging.topology import RUNGS, Rung
from libs.messaging.watchdog import RECOVERIES

START_TIMEOUT = 30.0
STOP_TIMEOUT = 15.0
LOOK_EVERY = 1.5
# A queue that changes its leader knows of no reader for a moment.
LOOKS = 2
# Seconds for the client library to bring a consumer back, from when its queue is there.
PATIENCE = 10.0


class AbsentError(Exception):
    """These queues are not read."""


class Consumption:
    def __init__(
        self,
        transactions: Transactions,
        amqp_url: str,
        routers: Sequence[RabbitRouter],
        context: Mapping[str, object],
        *,
        declare: Declare | None = None,
        rungs: Sequence[Rung] = RUNGS,
    ) -> None:
        """`transactions` are for what is asked and noted beside messages: handlers may have all of theirs in use."""
        self._amqp_url = amqp_url
        self._declare = declare or partial(topology.declare, amqp_url)
        self._publisher = Publisher(amqp_url, self._declare)
        self._handling = Handling(Ladder(self._publisher, rungs), Deliveries(transactions), Outage(transactions.ping))
        self._broker = new_broker(amqp_url, self._handling, context)
        self._broker.include_routers(*routers)
        self._presence = Presence(self._broker)
        self._link = Link("consumers")

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
                await self._until_lost()
                RECOVERIES.labels("consumers").inc()
                await self._presence.abandon()
                await self._stop_broker()

    async def _start(self) -> None:
        await self._declare()
        for subscriber in self._broker.subscribers:
            # FastStream drops, unacknowledged, what comes before it marks a subscriber as running, and it marks it only
            # after the broker was asked for messages.
            subscriber.running = True
        async with answering(START_TIMEOUT):
            await self._broker.start()

    async def _until_lost(self) -> None:
        """Returns when consumers stay away although their queues are there."""
        looks, declared_at = 0, None
        while declared_at is None or time.monotonic() - declared_at < PATIENCE:
            await asyncio.sleep(LOOK_EVERY)
            if not (absent := await self._presence.absent()):
                self._link.up()
                if declared_at is not None:
                    RECOVERIES.labels("consumers").inc()
                looks, declared_at = 0, None
            elif (looks := looks + 1) >= LOOKS:
                self._link.down(AbsentError(", ".join(absent)))
                if declared_at is None:
                    with contextlib.suppress(*BROKER_ERRORS):
                        # Where a queue is gone, the client library waits for somebody who makes it.
                        await self._declare()
                        declared_at = time.monotonic()

    async def check(self) -> None:
        """For readiness."""
        await self._link.check()
        if not await self._broker.ping(timeout=0.1):
            raise LinkDownError("consumers")

    async def stop(self) -> None:
        """Finishes what is being handled; the rest stays in its queues."""
        self._handling.stop()
        await self._stop_broker()
        await self._publisher.aclose()

    async def _stop_broker(self) -> None:
        # A broker that does not answer keeps nobody from starting again, nor the process from ending.
        with contextlib.suppress(*BROKER_ERRORS, ExceptionGroup):
            async with answering(STOP_TIMEOUT):
                await self._broker.stop()
