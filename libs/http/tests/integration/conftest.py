from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.database.query import Reader
from libs.http.tests.integration.prints import Cabinet, SqlPress, create_tables
from libs.http.tests.press import Customer, make_app
from libs.idempotency.store import SqlIdempotencyKeys
from libs.process.ids import new_id
from libs.testing.databases import empty
from libs.testing.engines import new_engine
from libs.testing.fixtures import DatabaseFor


@pytest.fixture(scope="session")
async def prints_url(database_for: DatabaseFor) -> str:
    return await database_for("prints", create_tables)


@pytest.fixture
async def database_url(prints_url: str) -> str:
    await empty(prints_url)
    return prints_url


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = new_engine(database_url, pool_size=5)
    yield engine
    await engine.dispose()


@pytest.fixture
async def keys(database_url: str) -> AsyncIterator[SqlIdempotencyKeys]:
    reader = Reader(database_url, pool_size=5)
    yield SqlIdempotencyKeys(reader)
    await reader.aclose()


@pytest.fixture
def press(engine: AsyncEngine) -> SqlPress:
    return SqlPress(engine)


@pytest.fixture
def ada(keys: SqlIdempotencyKeys, press: SqlPress) -> Customer:
    return Customer(make_app(keys, press), new_id())


@pytest.fixture
def cabinet(engine: AsyncEngine, ada: Customer) -> Cabinet:
    return Cabinet(engine, ada.user_id)
