"""What the `env.py` of every service's alembic history does."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from libs.database.urls import for_sqlalchemy

# Any number does, as long as every migration of the shop takes the same.
LOCK = 7_310_001


def migrate(metadata: MetaData) -> None:
    """Brings the database in `DATABASE_URL` up to date. Several at once wait for one another."""
    asyncio.run(_online(metadata))


async def _online(metadata: MetaData) -> None:
    engine = create_async_engine(for_sqlalchemy(os.environ["DATABASE_URL"]), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(_run, metadata)
    await engine.dispose()


def _run(connection: Connection, metadata: MetaData) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    context.configure(connection=connection, target_metadata=metadata, compare_server_default=True)
    with context.begin_transaction():
        context.run_migrations()
