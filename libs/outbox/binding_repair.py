"""Keeps the queues bound that read what a service publishes, and tells them again what they missed while they were not.

Nobody sees how long a binding was away. So each is followed by a token, and that by a note when everything kept was
told again (`libs.outbox.binding_markers`); whatever of it is missing, it starts anew. See
docs/decisions/0010-republish-what-a-lost-binding-missed.md.
A dynamic queue is bound to what its reader asks for at the moment (`libs.outbox.binding_requests`), likewise.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Collection, Sequence
from typing import Final
from uuid import uuid4

from libs.broker import topology
from libs.broker.confirmed_channel import Declare
from libs.broker.connection import BROKER_ERRORS, BrokerAddress
from libs.broker.connectivity import Connectivity
from libs.broker.management import MANAGEMENT_ERRORS, Management
from libs.broker.topology import RETRY_DELAYS, Binding, RetryDelay
from libs.broker.watchdog import RECOVERIES
from libs.contracts.topology import DynamicQueue, StaticQueue
from libs.database.errors import STATEMENT_ERRORS
from libs.outbox.binding_markers import BindingMarkers
from libs.outbox.binding_requests import WANTED, requested
from libs.outbox.replay import replay, replay_session
from libs.process.cancellation import raise_if_cancelled
from libs.process.failpoints import failpoint

INTERVAL: Final = 5.0
# Until the last node of a cluster knows of a binding that was confirmed.
PROPAGATION_DELAY: Final = 1.0
ERRORS: Final = (*BROKER_ERRORS, *MANAGEMENT_ERRORS, *STATEMENT_ERRORS)

logger = logging.getLogger(__name__)


class BindingRepair:
    """Of one exchange's queues. Any number of workers may look after the same ones."""

    def __init__(
        self,
        database_url: str,
        broker: BrokerAddress,
        queues: Sequence[StaticQueue],
        *,
        declare: Declare,
        dynamic: Sequence[DynamicQueue] = (),
        retry_delays: Sequence[RetryDelay] = RETRY_DELAYS,
    ) -> None:
        self._database_url = database_url
        self._amqp_url = broker.amqp_url
        self._exchange = queues[0].exchange
        self._queues = queues
        self._dynamic = dynamic
        self._retry_delays = retry_delays
        self._declare = declare
        self._management = Management(broker) if broker.ui_url else None
        self._looking = asyncio.Lock()
        self._woken = asyncio.Event()
        self._known: set[tuple[str, str]] = set()
        self._link = Connectivity("bindings")

    async def declare(self) -> None:
        """What a relay does before it publishes on a new connection. Only the broker may hold it up."""
        await self._declare()
        if self._management is None:
            await topology.bind(self._amqp_url, [*self._queues, *self._dynamic], [self._exchange])
            return
        try:
            await self._inspect(self._management, declared=True)
        except MANAGEMENT_ERRORS as error:
            # What a queue misses from here on is told again when they can be read.
            self._link.down(error)
        self._woken.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        if self._management is None:
            logger.warning("RABBITMQ_UI_URL is not set: what a queue misses while its binding is away is lost to it")
            await asyncio.Event().wait()
            return
        while True:
            self._woken.clear()
            try:
                await self._round(self._management)
                wait = INTERVAL
            except ERRORS as error:
                raise_if_cancelled()
                wait = self._link.down(error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()

    async def check(self) -> None:
        """For readiness."""
        if self._management is not None:
            await self._link.check()

    async def aclose(self) -> None:
        if self._management is not None:
            await self._management.aclose()

    async def _round(self, management: Management) -> None:
        seen = await self._inspect(management)
        self._link.up()
        for tokens in self._tokens(seen):
            if not tokens.is_whole(seen):
                await self._replay_missing(management, tokens)

    async def _inspect(self, management: Management, *, declared: bool = False) -> frozenset[Binding]:
        """What is bound; what was not is bound anew first."""
        async with self._looking:
            seen = await management.bindings(self._exchange)
            if not declared and self._unbound(seen):
                await self._declare()
                # That took a while, in which another worker may have bound them, and they may have been lost again.
                seen = await management.bindings(self._exchange)
            unbound, unwanted = self._unbound(seen), self._unwanted(seen)
            if unwanted:
                await topology.rebind(self._amqp_url, self._exchange, old=unwanted, new=())
            for tokens in unbound:
                await topology.rebind(
                    self._amqp_url, self._exchange, old=tokens.obsolete(seen), new=tokens.new(uuid4().hex)
                )
                failpoint("bindings.bound")
                self._log_bound(tokens)
            self._known = {(tokens.queue.name, tokens.scope) for tokens in self._tokens(seen)}
            return await management.bindings(self._exchange) if unbound or unwanted else seen

    def _tokens(self, seen: Collection[Binding]) -> list[BindingMarkers]:
        return [
            *(BindingMarkers.of_static(queue, self._retry_delays) for queue in self._queues),
            *(
                BindingMarkers.of_dynamic(queue, pattern, since, self._retry_delays)
                for queue in self._dynamic
                for pattern, since in sorted(requested(queue, seen).items())
            ),
        ]

    def _unbound(self, seen: frozenset[Binding]) -> Sequence[BindingMarkers]:
        return [tokens for tokens in self._tokens(seen) if tokens.current(seen) is None]

    def _unwanted(self, seen: frozenset[Binding]) -> Sequence[Binding]:
        """Patterns that the readers of dynamic queues no longer ask for, and what vouches for them."""
        wanted = {binding for tokens in self._tokens(seen) for binding in tokens.all(seen)}
        places = {
            place for queue in self._dynamic for place in queue.places(delay.name for delay in self._retry_delays)
        }
        ours = (each for each in seen if each.queue in places and not each.key.startswith(WANTED))
        return [each for each in ours if each not in wanted]

    def _log_bound(self, tokens: BindingMarkers) -> None:
        queue = tokens.queue.name
        if (queue, tokens.scope) in self._known:
            RECOVERIES.labels("bindings").inc()
            logger.warning("%s, its binding or a queue behind it was gone: all kept events are replayed", queue)
        else:
            logger.info("%s is bound, and all kept events are replayed", queue)

    async def _replay_missing(self, management: Management, tokens: BindingMarkers) -> None:
        """Tells the queue everything again, and notes that it did: of the token that was there when it began."""
        queue = tokens.queue
        async with replay_session(self._database_url, queue.name) as connection:
            if connection is None:
                return  # Another worker does it.
            looked_at, seen = time.monotonic(), await self._inspect(management)
            token = tokens.current(seen)
            if token is None or tokens.is_whole(seen):
                return
            await asyncio.sleep(PROPAGATION_DELAY)
            async for _ in replay(connection, queue.name, tokens.patterns, tokens.since):
                if time.monotonic() - looked_at >= INTERVAL:
                    looked_at, seen = time.monotonic(), await self._inspect(management)
                    if tokens.current(seen) != token:
                        return  # It was lost again. The next round begins anew.
        failpoint("bindings.replayed")
        await topology.rebind(self._amqp_url, self._exchange, old=(), new=[tokens.replayed(token)])
        logger.info("All kept events were replayed to %s", queue.name)
