"""Ten connections with their statements prepared: less than a pool does, and all that is needed here."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

SIZE = 10

Statements = tuple[PreparedStatement, ...]


class Database:
    def __init__(self) -> None:
        self._idle: asyncio.LifoQueue[Statements] = asyncio.LifoQueue()

    @asynccontextmanager
    async def open(self, statements: Sequence[str]) -> AsyncIterator[None]:
        """To the database of `DATABASE_URL`."""
        connections = [
            await asyncpg.connect(os.environ["DATABASE_URL"], server_settings={"jit": "off"}) for _ in range(SIZE)
        ]
        for connection in connections:
            self._idle.put_nowait(tuple([await connection.prepare(statement) for statement in statements]))
        yield
        for connection in connections:
            await connection.close()

    async def take(self) -> Statements:
        """The prepared statements of a connection that nobody uses meanwhile. Give them back."""
        return await self._idle.get()

    def give(self, statements: Statements) -> None:
        self._idle.put_nowait(statements)
