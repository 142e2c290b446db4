"""The process beside the API: relays events and forgets what has expired."""

from functools import partial

from fastapi import FastAPI

from auth_service.core.settings import WorkerSettings
from auth_service.repositories.announcements import users_to_announce
from auth_service.repositories.census import COUNTS
from auth_service.repositories.erasure import erase_due, gone, is_anybody_looked_for
from auth_service.repositories.expiry import forget_expired
from libs.contracts.topology import AUTH_EVENTS
from libs.database.census import EVERY, Census
from libs.database.transactions import Transactions
from libs.messaging.announcing import Announcing
from libs.messaging.bell import Bell
from libs.messaging.connection import BrokerAddress
from libs.messaging.forgetting import Forgetting
from libs.messaging.worker import Periodic, create_worker_app
from libs.process.collecting import settle
from libs.process.logs import configure_logs
from libs.process.tracing import configure_tracing

FORGET_EVERY = 60.0
ERASE_EVERY = 2.0
FORGET_MESSAGES_EVERY = 300.0


def create_worker(settings: WorkerSettings) -> FastAPI:
    timers = Transactions(settings.database_url, pool_size=settings.database_pool_size)
    bell = Bell(settings.database_url)
    forgetting = Forgetting(
        settings.amqp_url, AUTH_EVENTS, partial(gone, timers), partial(is_anybody_looked_for, timers)
    )
    return create_worker_app(
        database_url=settings.database_url,
        timers=timers,
        bell=bell,
        broker=BrokerAddress(settings.amqp_url, settings.rabbitmq_ui_url),
        publishes=AUTH_EVENTS,
        periodic=[
            Periodic("census", EVERY, Census(timers, COUNTS).take),
            Periodic("clean-up", FORGET_EVERY, partial(forget_expired, timers)),
            Periodic("erasure", ERASE_EVERY, partial(erase_due, timers)),
            Periodic("forgetting", FORGET_MESSAGES_EVERY, forgetting.forget),
            Periodic("announcements", 0.5, Announcing(timers, bell, users_to_announce).announce_due),
        ],
    )


def __getattr__(name: str) -> FastAPI:
    """`uvicorn auth_service.worker:app` makes the app from the environment; importing `create_worker` needs none."""
    if name != "app":
        raise AttributeError(name)
    settings = WorkerSettings()
    configure_logs("auth-worker", settings.log_level, settings.log_dir)
    configure_tracing("auth-worker")
    app = create_worker(settings)
    settle()
    return app
