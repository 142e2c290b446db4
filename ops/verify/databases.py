"""The databases of all services, side by side, as only an operator sees them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, Protocol

import asyncpg

from ops.oversight.trouble import Trouble

CONNECT_TIMEOUT: Final = 5.0
# As many as there are replicas that are looked at at the same time.
CONNECTIONS: Final = 4
SERVICES: Final = ("auth", "catalog", "order")

Databases = Mapping[str, asyncpg.Pool]
"""By the service's name."""


class Named(Protocol):
    def __getitem__(self, name: str, /) -> str: ...


@asynccontextmanager
async def opened(addresses: Named) -> AsyncIterator[Databases]:
    async with AsyncExitStack() as stack:
        databases = {}
        for service in SERVICES:
            url = addresses[f"{service.upper()}_DATABASE_URL"]
            pool = asyncpg.create_pool(url, min_size=1, max_size=CONNECTIONS, timeout=CONNECT_TIMEOUT)
            try:
                databases[service] = await stack.enter_async_context(pool)
            except (OSError, asyncpg.PostgresError) as error:
                raise Trouble(f"{service}'s database does not answer: {error}") from error
        yield databases
