import os
from collections.abc import AsyncIterator

import aio_pika
import pytest

from libs.testing.databases import empty
from libs.testing.fixtures import DatabaseFor
from libs.testing.vhosts import fresh_vhost
from ops.tests.floor import Floor
from ops.tests.standins import Watched


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    """Whatever a test starts with it ends with the test."""
    it = Watched()
    yield it
    await it.supervisor.stop()


@pytest.fixture(scope="session")
async def servers(run_id: str, worker_name: str, database_for: DatabaseFor) -> AsyncIterator[dict[str, str]]:
    """What the environment names. The virtual host's retry delays are short."""
    async with fresh_vhost(f"operator_{run_id[:12]}_{worker_name}") as amqp_url:
        yield {
            "AMQP_URL": amqp_url,
            "RABBITMQ_UI_URL": os.environ["RABBITMQ_UI_URL"],
            **{f"{name.upper()}_DATABASE_URL": await database_for(f"{name}_service") for name in _SERVICES},
        }


@pytest.fixture
async def floor(servers: dict[str, str]) -> AsyncIterator[Floor]:
    """With empty queues and empty tables."""
    for name in _SERVICES:
        await empty(servers[f"{name.upper()}_DATABASE_URL"])
    async with await aio_pika.connect(servers["AMQP_URL"]) as connection:
        floor = Floor(servers, await connection.channel())
        await floor.clear()
        yield floor


_SERVICES = ("auth", "catalog", "order")
