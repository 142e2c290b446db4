from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.database.database import Database
from libs.database.query import Reader
from libs.testing.engines import new_engine
from libs.testing.fixtures import DatabaseFor

TABLES = """
    CREATE TABLE shelf (
        id integer CONSTRAINT pk_shelf PRIMARY KEY,
        name text CONSTRAINT uq_shelf_name UNIQUE,
        facts jsonb NOT NULL DEFAULT '{}',
        CONSTRAINT ck_shelf_id CHECK (id >= 0)
    )
"""


async def _prepare(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(TABLES)
    await connection.close()


@pytest.fixture(scope="session")
async def database_url(database_for: DatabaseFor) -> str:
    return await database_for("libs_database", _prepare)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = new_engine(database_url, pool_size=2)
    yield engine
    await engine.dispose()


@pytest.fixture
async def transactions(database_url: str) -> AsyncIterator[Database]:
    transactions = Database(database_url, pool_size=2)
    yield transactions
    await transactions.aclose()


@pytest.fixture
async def reader(database_url: str) -> AsyncIterator[Reader]:
    reader = Reader(database_url, pool_size=2)
    yield reader
    await reader.aclose()
