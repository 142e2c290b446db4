"""The process beside the API, which consumes and relays events: `uvicorn catalog_service.worker:app`."""

from functools import partial

from fastapi import FastAPI

from catalog_service.consumer import orders, users
from catalog_service.repositories.announcements import products_to_announce
from catalog_service.repositories.census import COUNTS
from catalog_service.repositories.erasure import erase_names
from catalog_service.repositories.unit_of_work import CatalogUnitOfWork
from catalog_service.repositories.users import SqlReplicaOfUsers
from libs.contracts.topology import CATALOG_EVENTS
from libs.database.census import EVERY, Census
from libs.database.transactions import Transactions
from libs.messaging.announcing import Announcing
from libs.messaging.bell import Bell
from libs.messaging.connection import BrokerAddress
from libs.messaging.rebuilds import check_no_rebuild
from libs.messaging.worker import LOCK_TIMEOUT, Periodic, create_worker_app
from libs.process.collecting import settle
from libs.process.logs import configure_logs
from libs.process.settings import WorkerSettings
from libs.process.tracing import configure_tracing


def create_worker(settings: WorkerSettings) -> FastAPI:
    timers = Transactions(settings.database_url, pool_size=settings.database_pool_size)
    transactions = Transactions(settings.database_url, pool_size=settings.database_pool_size, lock_timeout=LOCK_TIMEOUT)
    bell = Bell(settings.database_url)
    return create_worker_app(
        database_url=settings.database_url,
        timers=timers,
        transactions=transactions,
        bell=bell,
        broker=BrokerAddress(settings.amqp_url, settings.rabbitmq_ui_url),
        publishes=CATALOG_EVENTS,
        routers=[users.router, orders.router],
        context={"uow": partial(CatalogUnitOfWork, transactions, bell), "users": SqlReplicaOfUsers(transactions)},
        own_checks={"replicas": partial(check_no_rebuild, timers)},
        periodic=[
            Periodic("census", EVERY, Census(timers, COUNTS).take),
            Periodic("announcements", 0.5, Announcing(timers, bell, products_to_announce).announce_due),
            Periodic("erasure", 10.0, partial(erase_names, timers)),
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
    settle()
    return app
