"""A service's database, as an operator reads it."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from libs.database.urls import for_asyncpg
from ops.admin.errors import OperatorError

_TIMEOUT = 10.0


class Database:
    def __init__(self, connection: asyncpg.Connection, name: str) -> None:
        self._connection = connection
        self._name = name

    async def fetch(self, statement: str, *values: object) -> list[dict[str, Any]]:
        with named_error(self._name):
            return [dict(row) for row in await self._connection.fetch(statement, *values)]

    async def execute(self, statement: str, *values: object) -> None:
        with named_error(self._name):
            await self._connection.execute(statement, *values)


@asynccontextmanager
async def database(url: str) -> AsyncIterator[Database]:
    where = urlsplit(url)
    name = f"The database {where.path.lstrip('/')} at {where.netloc.rpartition('@')[2]}"
    settings = {"application_name": "operator"}
    with named_error(name):
        connection = await asyncpg.connect(
            for_asyncpg(url), timeout=_TIMEOUT, command_timeout=_TIMEOUT, server_settings=settings
        )
    try:
        yield Database(connection, name)
    finally:
        with named_error(name):
            await connection.close(timeout=_TIMEOUT)


@contextlib.contextmanager
def named_error(name: str) -> Iterator[None]:
    """Turns what a database may raise into `OperatorError` that begins with `name`."""
    try:
        yield
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError) as error:
        raise OperatorError(f"{name} is older than this program: {error}") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        raise OperatorError(f"{name}: {str(error) or type(error).__name__}") from error
