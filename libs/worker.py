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

from libs.asyncapi_page import router as asyncapi_router
from libs.broker import topology
from libs.broker.connection import BrokerAddress, broker_timeout
from libs.broker.connectivity import Connectivity
from libs.broker.queue_depth import QueueDepthExporter
from libs.consumers.runner import ConsumerRunner
from libs.contracts.topology import QUEUES, DynamicQueue, Exchange, StaticQueue
from libs.database.database import Database
from libs.database.errors import is_transient
from libs.database.pool_metrics import Pool, export_pool_metrics
from libs.http.health import Check, health_router
from libs.http.metrics import router as metrics_router
from libs.observability.tracing import flush_on_shutdown
from libs.outbox.binding_repair import BindingRepair
from libs.outbox.notifier import OutboxNotifier
from libs.outbox.relay import Relay
from libs.process.cancellation import cancel_and_wait, raise_if_cancelled

RESTART_AFTER = 1.0
# Seconds that a worker's transaction waits for somebody's lock. A batch lets go of its own then, and goes one by one.
LOCK_TIMEOUT = 2.0

logger = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """A timer of a worker. Several workers may run it, so the work itself has to stand that."""

    name: str
    seconds: float
    work: Work

    async def run(self) -> None:
        """Until it is cancelled. The database being away is waited for, and said once."""
        link = Connectivity(self.name)
        while True:
            try:
                await self.work()
            except Exception as error:
                raise_if_cancelled()
                if not is_transient(error):
                    raise
                await asyncio.sleep(link.down(error))
            else:
                link.up()
                await asyncio.sleep(self.seconds)


def create_worker_app(  # noqa: PLR0913 - whoever composes a worker names its parts.
    *,
    database_url: str,
    timers: Database,
    broker: BrokerAddress,
    publishes: Exchange,
    transactions: Database | None = None,
    notifier: OutboxNotifier | None = None,
    routers: Sequence[RabbitRouter] = (),
    context: Mapping[str, object] | None = None,
    periodic: Sequence[PeriodicTask] = (),
    own_checks: Mapping[str, Check] | None = None,
) -> FastAPI:
    """An ASGI app that starts whatever is away, and says so on /health/ready until everything is there.

    `context` is what handlers get by `Inject(name)`, `own_checks` what else the service needs to be ready.
    Timers and what is done beside messages have connections of their own, and so never wait for handlers.
    Both pools and the notifier are closed at the end.
    """
    read = [queue for queue in QUEUES if isinstance(queue, StaticQueue) and queue.exchange == publishes]
    dynamic = [queue for queue in QUEUES if isinstance(queue, DynamicQueue)]
    declare = partial(topology.declare, broker.amqp_url)
    bindings = BindingRepair(database_url, broker, read, declare=declare, dynamic=dynamic)
    relay = Relay(database_url, broker.amqp_url, publishes, declare=bindings.declare)
    consumption = ConsumerRunner(timers, broker.amqp_url, routers, context or {})
    subscribers = [cast(RabbitSubscriber, each) for router in routers for each in router.subscribers]
    backlog = QueueDepthExporter(
        broker.amqp_url, [queue for queue in QUEUES if queue.name in {s.queue.name for s in subscribers}]
    )

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
            async with export_pool_metrics(pools):
                yield
        finally:
            await cancel_and_wait(tasks)
            await consumption.stop()
            await bindings.aclose()
            if notifier is not None:
                await notifier.aclose()
            if transactions is not None:
                await transactions.aclose()
            await timers.aclose()

    app = FastAPI(
        lifespan=flush_on_shutdown(lifespan),
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.include_router(health_router(checks))
    app.include_router(metrics_router)
    app.include_router(asyncapi_router)
    return app


async def keep_running(name: str, work: Work) -> None:
    while True:
        try:
            # Nothing that a library cancels may end it for good.
            async with broker_timeout(None):
                await work()
        except Exception:
            raise_if_cancelled()
            logger.exception("%s ended and starts again", name)
        await asyncio.sleep(RESTART_AFTER)
