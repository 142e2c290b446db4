"""The databases of all services, side by side, as only an operator sees them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import asyncpg

from libs.database.urls import for_asyncpg
from ops.admin.addresses import Addresses
from ops.admin.database import named_error
from ops.stack.services import SERVICES

CONNECT_TIMEOUT: Final = 5.0
# As many as there are replicas that are looked at at the same time.
CONNECTIONS: Final = 4

Databases = Mapping[str, asyncpg.Pool]
"""By the service's name."""


@asynccontextmanager
async def opened(addresses: Addresses) -> AsyncIterator[Databases]:
    async with AsyncExitStack() as stack:
        stack.enter_context(named_error("A database"))
        databases = {}
        for service in SERVICES:
            url = for_asyncpg(addresses[service.database_variable])
            pool = asyncpg.create_pool(url, min_size=1, max_size=CONNECTIONS, timeout=CONNECT_TIMEOUT)
            with named_error(f"{service.name}'s database does not answer"):
                databases[service.name] = await stack.enter_async_context(pool)
        yield databases
