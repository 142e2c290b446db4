"""A database of its own for each test worker, copied from one that was migrated once for the whole run."""

import asyncio
import os
import sys
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from libs.database.urls import for_asyncpg
from libs.testing.environment import required

ROOT = Path(__file__).resolve().parents[2]

# Seconds.
LOCK_TIMEOUT = 30.0

Prepare = Callable[[str], Awaitable[None]]


def migrations_of(service: str) -> Prepare:
    """Brings a database to the newest version of a service's history, as its deployment does."""

    async def prepare(url: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "alembic", "-c", f"{service}/migrations/alembic.ini", "upgrade", "head"),
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": url},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        if process.returncode:
            raise AssertionError(f"the migrations of {service} failed:\n{output.decode()}")

    return prepare


@asynccontextmanager
async def fresh_database(name: str, run: str, worker: str, prepare: Prepare) -> AsyncIterator[str]:
    """The URL of a new database for one worker of a test run. It is dropped afterwards."""
    server = for_asyncpg(required("DATABASE_URL"))
    template = f"test_{name}_{run[:12]}"
    own = f"{template}_{worker}"
    # Whoever makes or drops the template is alone; whoever may still need it says so by a lock of its own.
    making, using = (zlib.crc32(f"{purpose} {template}".encode()) for purpose in ("make", "use"))
    admin = await asyncpg.connect(server)
    try:
        async with _locked(admin, making):
            await admin.execute("SELECT pg_advisory_lock_shared($1)", using)
            if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", template):
                await admin.execute(f'CREATE DATABASE "{template}"')
                await prepare(_with_path(server, template))
            await admin.execute(f'CREATE DATABASE "{own}" TEMPLATE "{template}"')
        try:
            yield _with_path(server, own)
        finally:
            async with _locked(admin, making):
                await admin.execute(f'DROP DATABASE "{own}" WITH (FORCE)')
                await admin.execute("SELECT pg_advisory_unlock_shared($1)", using)
                if await admin.fetchval("SELECT pg_try_advisory_lock($1)", using):
                    await admin.execute(f'DROP DATABASE IF EXISTS "{template}" WITH (FORCE)')
    finally:
        await admin.close()


@asynccontextmanager
async def _locked(admin: asyncpg.Connection, lock: int) -> AsyncIterator[None]:
    await admin.execute("SELECT pg_advisory_lock($1)", lock)
    try:
        yield
    finally:
        await admin.execute("SELECT pg_advisory_unlock($1)", lock)


async def empty(url: str) -> None:
    """Removes all rows, in one statement; what migrations have put into tables as well."""
    connection = await asyncpg.connect(for_asyncpg(url))
    try:
        tables = await connection.fetch(
            "SELECT oid::regclass::text AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"
        )
        if tables:
            names = ", ".join(row["name"] for row in tables)
            # Whoever has left a transaction open is told of by a test that fails, not by one that never ends.
            await connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT:g}s'")
            await connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    finally:
        await connection.close()


def _with_path(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
