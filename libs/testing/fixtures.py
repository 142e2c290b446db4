"""What every test may ask for: a database and a broker of its worker's own."""

import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from libs.testing.databases import Prepare, fresh_database, migrations_of
from libs.testing.vhosts import fresh_vhost

DatabaseFor = Callable[..., Awaitable[str]]


@pytest.fixture(scope="session")
def run_id() -> str:
    """The same for all workers of one pytest run."""
    return os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex


@pytest.fixture(scope="session")
def worker_name() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
async def database_for(run_id: str, worker_name: str) -> AsyncIterator[DatabaseFor]:
    """Gives the URL of a migrated database of this worker's own; call it with the name of a service.

    Tests that need one for themselves alone name that `own`.
    """
    urls: dict[str, str] = {}
    async with AsyncExitStack() as stack:

        async def make(name: str, prepare: Prepare | None = None, *, own: str = "") -> str:
            key = f"{name} {own}"
            if key not in urls:
                database = fresh_database(name, run_id, f"{worker_name}{own}", prepare or migrations_of(name))
                urls[key] = await stack.enter_async_context(database)
            return urls[key]

        yield make


@pytest.fixture(scope="session")
async def amqp_url(run_id: str, worker_name: str) -> AsyncIterator[str]:
    """A broker that nobody else uses: a virtual host of this worker's own."""
    async with fresh_vhost(f"test_{run_id[:12]}_{worker_name}") as url:
        yield url
