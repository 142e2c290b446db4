from collections.abc import AsyncIterator

import aio_pika
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.database.database import Database
from libs.process.ids import new_id
from libs.testing.databases import empty
from libs.testing.engines import new_engine
from libs.testing.fixtures import DatabaseFor
from libs.tests.messaging.shop import Shop
from libs.tests.messaging.things import create_tables, topology_named


@pytest.fixture(scope="session")
async def things_url(database_for: DatabaseFor) -> str:
    return await database_for("things", create_tables)


@pytest.fixture
async def database_url(things_url: str) -> str:
    await empty(things_url)
    return things_url


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = new_engine(database_url, pool_size=5)
    yield engine
    await engine.dispose()


@pytest.fixture
async def transactions(database_url: str) -> AsyncIterator[Database]:
    transactions = Database(database_url, pool_size=5)
    yield transactions
    await transactions.aclose()


@pytest.fixture
async def shop(database_url: str, amqp_url: str, engine: AsyncEngine, transactions: Database) -> AsyncIterator[Shop]:
    name = new_id().hex
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        yield Shop(database_url, amqp_url, engine, transactions, name, topology_named(name), channel)
