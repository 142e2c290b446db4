"""SQLAlchemy's engine, as the tests' own way into a database. Services run their statements on asyncpg itself."""

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from libs.database.timeouts import CONNECT_TIMEOUT, POOL_TIMEOUT, STATEMENT_TIMEOUT, server_settings
from libs.database.urls import for_sqlalchemy


def new_engine(url: str, *, pool_size: int) -> AsyncEngine:
    """One that has at most so many connections, and waits for long neither for them nor for what they do."""
    return create_async_engine(
        for_sqlalchemy(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        connect_args={
            "timeout": CONNECT_TIMEOUT,
            "command_timeout": STATEMENT_TIMEOUT,
            "server_settings": server_settings(),
        },
    )
