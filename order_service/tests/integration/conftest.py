from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.database.database import Database
from libs.testing.engines import new_engine
from libs.testing.fixtures import DatabaseFor
from order_service.core.settings import Settings
from order_service.main import create_app
from order_service.repositories import catalog_client
from order_service.tests.integration.neighbours import Neighbours
from order_service.tests.integration.shop import Caller, Shop


@pytest.fixture(scope="session")
async def database_url(database_for: DatabaseFor) -> str:
    return await database_for("order_service")


@pytest.fixture(scope="session")
async def neighbours() -> AsyncIterator[Neighbours]:
    neighbours = Neighbours()
    async with neighbours.serving():
        yield neighbours


@pytest.fixture(scope="session")
def settings(database_url: str, neighbours: Neighbours) -> Settings:
    return Settings(
        database_url=database_url,
        catalog_url=neighbours.url,
        payment_webhook_secret="agreed",
        jwks_url=f"{neighbours.url}/.well-known/jwks.json",
        webhooks_allow_http=True,
        webhooks_allow_private=True,
    )


@pytest.fixture(scope="session")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    app = create_app(settings)
    with pytest.MonkeyPatch.context() as patch:
        # Many run at once on a small machine; how long a customer waits is shown elsewhere.
        patch.setattr(catalog_client, "PATIENCE", 30.0)
        async with app.router.lifespan_context(app):
            yield app


@pytest.fixture(scope="session")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """The tests' own way into the database."""
    engine = new_engine(database_url, pool_size=2)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
async def transactions(database_url: str) -> AsyncIterator[Database]:
    """With connections for many at once."""
    transactions = Database(database_url, pool_size=10)
    yield transactions
    await transactions.aclose()


@pytest.fixture(scope="session")
def shop(app: FastAPI, neighbours: Neighbours, engine: AsyncEngine) -> Shop:
    return Shop(httpx.ASGITransport(app), neighbours, app.state.uow, app.state.pricing.replica, engine)


@pytest.fixture
def customer(shop: Shop) -> Caller:
    return shop.caller()


@pytest.fixture
def admin(shop: Shop) -> Caller:
    return shop.admin()
