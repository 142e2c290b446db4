from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from catalog_service.core.settings import Settings
from catalog_service.domain.ports import UnitOfWorkFactory
from catalog_service.main import create_app
from catalog_service.repositories.users import SqlAccountStatus
from catalog_service.tests.integration.catalog import Catalog
from catalog_service.tests.integration.people import Issuer
from libs.database.query import Reader
from libs.database.urls import for_asyncpg
from libs.http.security import Authenticator
from libs.testing.fixtures import DatabaseFor
from libs.tokens.keys import LocalKeys
from libs.tokens.verifier import TokenVerifier


@pytest.fixture(scope="session")
async def database_url(database_for: DatabaseFor) -> str:
    return await database_for("catalog_service")


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="session")
async def app(database_url: str, issuer: Issuer) -> AsyncIterator[FastAPI]:
    app = create_app(Settings(database_url=database_url, jwks_url="http://127.0.0.1:1/", product_cache_size=0))
    reader = Reader(database_url, pool_size=2)
    verifier = TokenVerifier(LocalKeys(issuer.jwks), issuer="shop-auth", audience="shop")
    app.state.authenticator = Authenticator(verifier, SqlAccountStatus(reader))
    async with app.router.lifespan_context(app):
        yield app
    await reader.aclose()


@pytest.fixture(scope="session")
async def database(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """The tests' own way into the database."""
    async with asyncpg.create_pool(for_asyncpg(database_url), min_size=0, max_size=4) as pool:
        yield pool


@pytest.fixture(scope="session")
def uow(app: FastAPI) -> UnitOfWorkFactory:
    uow: UnitOfWorkFactory = app.state.uow
    return uow


@pytest.fixture(scope="session")
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://catalog") as client:
        yield client


@pytest.fixture(scope="session")
def catalog(http: httpx.AsyncClient, issuer: Issuer) -> Catalog:
    """The catalog as an admin sees it."""
    return Catalog(http, issuer.token("admin"))


@pytest.fixture(scope="session")
def window(http: httpx.AsyncClient) -> Catalog:
    """The catalog as anyone sees it."""
    return Catalog(http, None)
