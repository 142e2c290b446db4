"""The HTTP process: `uvicorn order_service.main:app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx
from fastapi import FastAPI

from libs.database.database import Database
from libs.database.pool_metrics import export_pool_metrics
from libs.database.query import Reader
from libs.http.app import new_api
from libs.http.security import Authenticator
from libs.idempotency.store import SqlIdempotencyKeys
from libs.observability.logs import configure_logs
from libs.observability.tracing import configure_tracing
from libs.outbox.notifier import OutboxNotifier
from libs.process.gc import freeze_startup_objects
from libs.tokens.keys import RemoteKeys
from libs.tokens.verifier import TokenVerifier
from order_service.api import cart, events, lists, orders, payments
from order_service.core.settings import Settings
from order_service.gateways.providers import new_callback_verifier, new_provider
from order_service.repositories.carts import SqlCartQueries
from order_service.repositories.catalog_client import HttpProductSource
from order_service.repositories.order_feed import PgOrderFeed
from order_service.repositories.order_insert_sql import SqlOrderWriter
from order_service.repositories.queries import SqlOrderQueries
from order_service.repositories.replica_queries import SqlAccountStatus, SqlProductReplicaReader
from order_service.repositories.replicas import SqlProductReplicaStore
from order_service.repositories.unit_of_work import OrderUnitOfWork
from order_service.services.follow_order import FollowOrder
from order_service.services.pay_order import PayOrder
from order_service.services.place_order import PlaceOrder
from order_service.services.product_pricing import ProductPricing
from order_service.services.reconcile_payments import PaymentReconciler
from order_service.webhooks import delivery_routes as webhook_delivery_routes
from order_service.webhooks import routes as webhook_routes
from order_service.webhooks.queries import SqlWebhookReads
from order_service.webhooks.service import WebhookRegistry
from order_service.webhooks.url_policy import UrlPolicy


def create_app(settings: Settings) -> FastAPI:
    transactions = Database(settings.database_url, pool_size=settings.database_pool_size)
    reader = Reader(settings.database_url, pool_size=settings.database_pool_size)
    notifier = OutboxNotifier(settings.database_url)
    watch = PgOrderFeed(settings.database_url)
    # The shop's own services are reached directly, whatever proxy the environment names for the world outside.
    client = httpx.AsyncClient(trust_env=False)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with watch.running(), export_pool_metrics({"transactions": transactions, "reads": reader}):
            yield
        await client.aclose()
        await notifier.aclose()
        await reader.aclose()
        await transactions.aclose()

    app = new_api(
        "Shop Order API",
        "Orders of the shop, from placing to delivery.",
        routers=[
            cart.router,
            orders.router,
            lists.router,
            payments.router,
            events.router,
            webhook_routes.router,
            webhook_delivery_routes.router,
        ],
        checks={"database": reader.ping},
        lifespan=lifespan,
        cors_origins=settings.cors_origins,
    )
    keys = RemoteKeys(settings.jwks_url, client)
    verifier = TokenVerifier(keys, issuer=settings.jwt_issuer, audience=settings.jwt_audience)
    app.state.authenticator = Authenticator(verifier, SqlAccountStatus(reader))
    app.state.idempotency_keys = SqlIdempotencyKeys(reader)
    app.state.uow = partial(OrderUnitOfWork, transactions, notifier)
    app.state.reads = SqlOrderQueries(reader)
    app.state.carts = SqlCartQueries(reader)
    app.state.following = FollowOrder(app.state.reads, watch)
    app.state.pricing = ProductPricing(
        SqlProductReplicaReader(reader),
        SqlProductReplicaStore(transactions),
        HttpProductSource(settings.catalog_url, client),
    )
    provider = new_provider(settings, transactions)
    app.state.paying = PayOrder(app.state.uow, provider)
    app.state.settling = PaymentReconciler(app.state.uow, provider)
    app.state.messages = new_callback_verifier(settings)
    app.state.placing = PlaceOrder(app.state.uow, app.state.pricing, SqlOrderWriter(reader, notifier))
    app.state.webhook_reads = SqlWebhookReads(reader)
    app.state.webhook_registry = WebhookRegistry(app.state.uow, UrlPolicy(settings))
    return app


def __getattr__(name: str) -> FastAPI:
    """`app` is made from the environment when a server asks for it; importing `create_app` needs none."""
    if name != "app":
        raise AttributeError(name)
    settings = Settings()
    configure_logs("order-api", settings.log_level, settings.log_dir)
    configure_tracing("order-api")
    app = create_app(settings)
    freeze_startup_objects()
    return app
