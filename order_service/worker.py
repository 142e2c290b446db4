"""The process beside the API, which consumes and relays events: `uvicorn order_service.worker:app`."""

from functools import partial

from fastapi import FastAPI

from libs.broker.connection import BrokerAddress
from libs.consumers.replica_rebuilds import check_no_rebuild
from libs.contracts.topology import ORDER_EVENTS, ORDER_WEBHOOKS
from libs.database.database import Database
from libs.database.table_gauges import INTERVAL, TableGauges
from libs.idempotency import store
from libs.mail.smtp import SmtpTransport
from libs.observability.logs import configure_logs
from libs.observability.tracing import configure_tracing
from libs.outbox.binding_requests import BindingRequests
from libs.outbox.notifier import OutboxNotifier
from libs.process.gc import freeze_startup_objects
from libs.worker import LOCK_TIMEOUT, PeriodicTask, create_worker_app
from order_service.consumer import products, stock, users
from order_service.core.settings import WorkerSettings
from order_service.gateways.providers import new_provider
from order_service.notifications.mailer import Mailer
from order_service.notifications.renderer import JinjaEmailRenderer
from order_service.repositories.erasure import erase_due
from order_service.repositories.gauges import GAUGES
from order_service.repositories.replicas import SqlProductReplicaStore
from order_service.repositories.unit_of_work import OrderUnitOfWork
from order_service.services.order_timers import expire_unpaid, republish_pending
from order_service.services.reconcile_payments import PaymentReconciler
from order_service.webhooks import consumer as webhook_consumer
from order_service.webhooks.bindings import WebhookBindings
from order_service.webhooks.dispatcher import WebhookDispatcher
from order_service.webhooks.sender import HttpSender, PrometheusDeliveryMetrics
from order_service.webhooks.service import purge_expired
from order_service.webhooks.url_policy import UrlPolicy


def create_worker(settings: WorkerSettings) -> FastAPI:
    timers = Database(settings.database_url, pool_size=settings.database_pool_size)
    transactions = Database(settings.database_url, pool_size=settings.database_pool_size, lock_timeout=LOCK_TIMEOUT)
    notifier = OutboxNotifier(settings.database_url)
    uow = partial(OrderUnitOfWork, transactions, notifier)
    dispatcher = WebhookDispatcher(uow, HttpSender(UrlPolicy(settings)), PrometheusDeliveryMetrics())
    broker = BrokerAddress(settings.amqp_url, settings.rabbitmq_ui_url)
    settling = PaymentReconciler(uow, new_provider(settings, transactions))
    return create_worker_app(
        database_url=settings.database_url,
        timers=timers,
        transactions=transactions,
        notifier=notifier,
        broker=broker,
        publishes=ORDER_EVENTS,
        routers=[users.router, products.router, stock.router, webhook_consumer.router],
        context={
            "uow": uow,
            "products": SqlProductReplicaStore(transactions),
            "hold": settings.hold,
        },
        own_checks={"replicas": partial(check_no_rebuild, timers)},
        periodic=[
            PeriodicTask("gauges", INTERVAL, TableGauges(timers, GAUGES).refresh),
            PeriodicTask("expiry", 1.0, partial(expire_unpaid, uow)),
            PeriodicTask("republishing", 1.0, partial(republish_pending, uow, settings.answer_timeout)),
            PeriodicTask("settlement", 1.0, settling.reconcile_due),
            PeriodicTask("idempotency_keys", 60.0, partial(store.expire, timers)),
            PeriodicTask("erasure", 2.0, partial(erase_due, timers)),
            PeriodicTask("mail", 1.0, Mailer(uow, JinjaEmailRenderer(), SmtpTransport(settings)).send_due),
            PeriodicTask("webhooks", 1.0, dispatcher.deliver_due),
            PeriodicTask(
                "webhook_bindings", 1.0, WebhookBindings(uow, BindingRequests(broker, ORDER_WEBHOOKS)).reconcile
            ),
            PeriodicTask("webhook_events", 60.0, partial(purge_expired, uow)),
        ],
    )


def __getattr__(name: str) -> FastAPI:
    """`app` is made from the environment when a server asks for it; importing `create_worker` needs none."""
    if name != "app":
        raise AttributeError(name)
    settings = WorkerSettings()
    configure_logs("order-worker", settings.log_level, settings.log_dir)
    configure_tracing("order-worker")
    app = create_worker(settings)
    freeze_startup_objects()
    return app
