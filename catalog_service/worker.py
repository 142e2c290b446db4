"""The process beside the API, which consumes and relays events: `uvicorn catalog_service.worker:app`."""

from functools import partial

from fastapi import FastAPI

from catalog_service.consumer import orders, users
from catalog_service.repositories.cache_invalidation import ChangePublisher
from catalog_service.repositories.erasure import erase_names
from catalog_service.repositories.gauges import GAUGES
from catalog_service.repositories.snapshots import product_snapshots
from catalog_service.repositories.unit_of_work import CatalogUnitOfWork
from catalog_service.repositories.users import SqlUserReplicaStore
from libs.broker.connection import BrokerAddress
from libs.consumers.replica_rebuilds import check_no_rebuild
from libs.contracts.topology import CATALOG_EVENTS
from libs.database.database import Database
from libs.database.table_gauges import INTERVAL, TableGauges
from libs.observability.logs import configure_logs
from libs.observability.tracing import configure_tracing
from libs.outbox.notifier import OutboxNotifier
from libs.outbox.snapshots import SnapshotPublisher
from libs.process.gc import freeze_startup_objects
from libs.process.settings import WorkerSettings
from libs.worker import LOCK_TIMEOUT, PeriodicTask, create_worker_app


def create_worker(settings: WorkerSettings) -> FastAPI:
    timers = Database(settings.database_url, pool_size=settings.database_pool_size)
    transactions = Database(settings.database_url, pool_size=settings.database_pool_size, lock_timeout=LOCK_TIMEOUT)
    notifier = OutboxNotifier(settings.database_url)
    uow = partial(CatalogUnitOfWork, transactions, notifier, ChangePublisher(transactions))
    return create_worker_app(
        database_url=settings.database_url,
        timers=timers,
        transactions=transactions,
        notifier=notifier,
        broker=BrokerAddress(settings.amqp_url, settings.rabbitmq_ui_url),
        publishes=CATALOG_EVENTS,
        routers=[users.router, orders.router],
        context={"uow": uow, "users": SqlUserReplicaStore(transactions)},
        own_checks={"replicas": partial(check_no_rebuild, timers)},
        periodic=[
            PeriodicTask("gauges", INTERVAL, TableGauges(timers, GAUGES).refresh),
            PeriodicTask("snapshots", 0.5, SnapshotPublisher(timers, notifier, product_snapshots).publish_due),
            PeriodicTask("erasure", 10.0, partial(erase_names, timers)),
        ],
    )


def __getattr__(name: str) -> FastAPI:
    """`app` is made from the environment when a server asks for it; importing `create_worker` needs none."""
    if name != "app":
        raise AttributeError(name)
    settings = WorkerSettings()
    configure_logs("catalog-worker", settings.log_level, settings.log_dir)
    configure_tracing("catalog-worker")
    app = create_worker(settings)
    freeze_startup_objects()
    return app
