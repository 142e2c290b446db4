"""The HTTP process: `uvicorn catalog_service.main:app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from functools import partial

import httpx
from fastapi import FastAPI

from catalog_service.api import categories, products, stock
from catalog_service.core.settings import Settings
from catalog_service.repositories.cache_invalidation import ChangeListener, ChangePublisher
from catalog_service.repositories.category_queries import SqlCategoryQueries
from catalog_service.repositories.product_queries import SqlProductQueries
from catalog_service.repositories.stock_queries import SqlStockQueries
from catalog_service.repositories.unit_of_work import CatalogUnitOfWork
from catalog_service.repositories.users import SqlAccountStatus
from libs.database.database import Database
from libs.database.pool_metrics import export_pool_metrics
from libs.database.query import Reader
from libs.http.app import new_api
from libs.http.fast.response_cache import ResponseCache
from libs.http.security import Authenticator
from libs.observability.logs import configure_logs
from libs.observability.tracing import configure_tracing
from libs.outbox.notifier import OutboxNotifier
from libs.process.gc import freeze_startup_objects
from libs.tokens.keys import RemoteKeys
from libs.tokens.verifier import TokenVerifier


def create_app(settings: Settings) -> FastAPI:
    transactions = Database(settings.database_url, pool_size=settings.database_pool_size)
    reader = Reader(settings.database_url, pool_size=settings.database_pool_size)
    notifier = OutboxNotifier(settings.database_url)
    # The shop's own services are reached directly, whatever proxy the environment names for the world outside.
    client = httpx.AsyncClient(trust_env=False)

    cache = ResponseCache(settings.product_cache_size)
    listener = ChangeListener(settings.database_url, cache)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        listening = listener.running() if settings.product_cache_size else nullcontext()
        async with export_pool_metrics({"transactions": transactions, "reads": reader}), listening:
            yield
        await client.aclose()
        await notifier.aclose()
        await reader.aclose()
        await transactions.aclose()

    app = new_api(
        "Shop Catalog API",
        "Categories, products and their stock.",
        routers=[categories.router, products.router, products.public_router, stock.router],
        checks={"database": reader.ping},
        lifespan=lifespan,
        cors_origins=settings.cors_origins,
        cache=cache,
    )
    keys = RemoteKeys(settings.jwks_url, client)
    verifier = TokenVerifier(keys, issuer=settings.jwt_issuer, audience=settings.jwt_audience)
    app.state.authenticator = Authenticator(verifier, SqlAccountStatus(reader))
    app.state.currency = settings.currency
    app.state.uow = partial(CatalogUnitOfWork, transactions, notifier, ChangePublisher(transactions))
    app.state.categories = SqlCategoryQueries(reader)
    app.state.products = SqlProductQueries(reader)
    app.state.stock = SqlStockQueries(reader)
    return app


def __getattr__(name: str) -> FastAPI:
    """`app` is made from the environment when a server asks for it; importing `create_app` needs none."""
    if name != "app":
        raise AttributeError(name)
    settings = Settings()
    configure_logs("catalog-api", settings.log_level, settings.log_dir)
    configure_tracing("catalog-api")
    app = create_app(settings)
    freeze_startup_objects()
    return app
