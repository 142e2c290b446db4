"""The process beside the API: relays events and forgets what has expired."""

from functools import partial

from fastapi import FastAPI

from auth_service.core.settings import WorkerSettings
from auth_service.repositories.erasure import deleted_users_among, erase_due, has_pending_erasures
from auth_service.repositories.expiry import delete_expired
from auth_service.repositories.gauges import GAUGES
from auth_service.repositories.snapshots import user_snapshots
from libs.broker.connection import BrokerAddress
from libs.contracts.topology import AUTH_EVENTS
from libs.database.database import Database
from libs.database.table_gauges import INTERVAL, TableGauges
from libs.observability.logs import configure_logs
from libs.observability.tracing import configure_tracing
from libs.outbox.notifier import OutboxNotifier
from libs.outbox.snapshots import SnapshotPublisher
from libs.privacy.queue_scrubber import QueueScrubber
from libs.process.gc import freeze_startup_objects
from libs.worker import PeriodicTask, create_worker_app

FORGET_EVERY = 60.0
ERASE_EVERY = 2.0
FORGET_MESSAGES_EVERY = 300.0


def create_worker(settings: WorkerSettings) -> FastAPI:
    timers = Database(settings.database_url, pool_size=settings.database_pool_size)
    notifier = OutboxNotifier(settings.database_url)
    forgetting = QueueScrubber(
        settings.amqp_url, AUTH_EVENTS, partial(deleted_users_among, timers), partial(has_pending_erasures, timers)
    )
    return create_worker_app(
        database_url=settings.database_url,
        timers=timers,
        notifier=notifier,
        broker=BrokerAddress(settings.amqp_url, settings.rabbitmq_ui_url),
        publishes=AUTH_EVENTS,
        periodic=[
            PeriodicTask("gauges", INTERVAL, TableGauges(timers, GAUGES).refresh),
            PeriodicTask("clean-up", FORGET_EVERY, partial(delete_expired, timers)),
            PeriodicTask("erasure", ERASE_EVERY, partial(erase_due, timers)),
            PeriodicTask("forgetting", FORGET_MESSAGES_EVERY, forgetting.scrub),
            PeriodicTask("snapshots", 0.5, SnapshotPublisher(timers, notifier, user_snapshots).publish_due),
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
    freeze_startup_objects()
    return app
