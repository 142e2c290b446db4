"""Which statements go to the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from libs.database.database import Database

AROUND = ("BEGIN", "COMMIT", "ROLLBACK")
# It asks about types that it does not know, once a connection.
OF_THE_DRIVER = ("'jit'", "pg_type")


@asynccontextmanager
async def statements(transactions: Database) -> AsyncIterator[list[str]]:
    """Those of the block, without what begins and ends transactions. There may be one transaction at a time."""
    if transactions.stats()[2] != 1:
        raise ValueError("Another connection's statements would not be seen")
    async with transactions.transaction() as transaction:
        connection = transaction._connection  # noqa: SLF001 - the same for all that follows.
    seen: list[str] = []

    def see(query: Any) -> None:
        if query.query not in AROUND and not any(mark in query.query for mark in OF_THE_DRIVER):
            seen.append(query.query)

    connection.add_query_logger(see)
    try:
        yield seen
    finally:
        connection.remove_query_logger(see)
