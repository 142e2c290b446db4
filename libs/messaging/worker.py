"""The process beside a service's API: its consumers, its relay and its timers, with health and metrics over HTTP."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import cast

from fastapi import FastAPI
from faststream.rabbit import RabbitRouter
from faststream.rabbit.subscriber import RabbitSubscriber

from libs.contracts.topology import QUEUES, DynamicQueue, Exchange, StaticQueue
from libs.database.outages import is_outage
from libs.database.pools import Pool, measured
from libs.database.transactions import Transactions
from libs.http.health import Check, health_router
from libs.http.metrics import router as metrics_router
from libs.messaging import topology
from libs.messaging.backlog import Backlog
from libs.messaging.bell import Bell
from libs.messaging.bindings import Bindings
from libs.messaging.cancellation import end, end_if_asked
from libs.messaging.connection import BrokerAddress, answering
from libs.messaging.consumption import Consumption
from libs.messaging.link import Link
from libs.messaging.relay import Relay
from libs.process.tracing import sending_all

RESTART_AFTER = 1.0
# Seconds that a worker's transaction waits for somebody's lock. A batch lets go of its own then, and goes one by one.
LOCK_TIMEOUT = 2.0

logger = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Periodic:
    """A timer of a worker. Several workers may run it, so the work itself has to stand that."""

    name: str
    seconds: float
    work: Work

    async def run(self) -> None:
        """Until it is cancelled. The database being away is waited for, and said once."""
        link = Link(self.name)
        while True:
            try:
                await self.work()
            except Exception as error:
                end_if_asked()
                if not is_outage(error):
                    raise
                await asyncio.sleep(link.down(error))
            else:
                link.up()
                await asyncio.sleep(self.seconds)


def create_worker_app(  # noqa: PLR0913 - whoever composes a worker names its parts.
    *,
    database_url: str,
    timers: Transactions,
    broker: BrokerAddress,
    publishes: Exchange,
    transactions: Transactions | None = None,
    bell: Bell | None = None,
    routers: Sequence[RabbitRouter] = (),
    context: Mapping[str, object] | None = None,
    periodic: Sequence[Periodic] = (),
    own_checks: Mapping[str, Check] | None = None,
) -> FastAPI:
    """An ASGI app that starts whatever is away, and says so on /health/ready until everything is there.

    `context` is what handlers get by `Given(name)`, `own_checks` what else the service needs to be ready.
    Timers and what is done beside messages have connections of their own, and so never wait for handlers.
    Both pools and the bell are closed at the end.
    """
    read = [queue for queue in QUEUES if isinstance(queue, StaticQueue) and queue.exchange == publishes]
    dynamic = [queue for queue in QUEUES if isinstance(queue, DynamicQueue)]
    declare = partial(topology.declare, broker.amqp_url)
    bindings = Bindings(database_url, broker, read, declare=declare, dynamic=dynamic)
    relay = Relay(database_url, broker.amqp_url, publishes, declare=bindings.declare)
    consumption = Consumption(timers, broker.amqp_url, routers, context or {})
    subscribers = [cast(RabbitSubscriber, each) for router in routers for each in router.subscribers]
    backlog = Backlog(broker.amqp_url, [queue for queue in QUEUES if queue.name in {s.queue.name for s in subscribers}])

    pools: dict[str, Pool] = {"timers": timers}
    if transactions is not None:
        pools["transactions"] = transactions

    checks: dict[str, Check] = {"database": timers.ping, "broker": relay.broker.check, "relay": relay.check}
    checks |= own_checks or {}
    if broker.ui_url:
        checks["bindings"] = bindings.check
    if routers:
        checks["consumers"] = consumption.check

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        works = {"relay": relay.run, "bindings": bindings.run, **{timer.name: timer.run for timer in periodic}}
        if routers:
            works |= {"consumers": consumption.run, "backlog": backlog.run}
        tasks = [asyncio.create_task(keep_running(name, work)) for name, work in works.items()]
        try:
            async with measured(pools):
                yield
        finally:
            await end(tasks)
            await consumption.stop()
            await bindings.aclose()
            if bell is not None:
                await bell.aclose()
            if transactions is not None:
                await transactions.aclose()
            await timers.aclose()

    app = FastAPI(
        lifespan=sending_all(lifespan),
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.include_router(health_router(checks))
    app.include_router(metrics_router)
    return app


async def keep_running(name: str, work: Work) -> None:
    while True:
        try:
            # Nothing that a library cancels may end it for good.
            async with answering(None):
                await work()
        except Exception:
            end_if_asked()
            logger.exception("%s ended and starts again", name)
        await asyncio.sleep(RESTART_AFTER)
