"""What Prometheus sees of a process's connections."""

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select

from libs.database import pool_metrics
from libs.database.database import Database
from libs.database.pool_metrics import Pool, export_pool_metrics
from libs.database.query import CompiledQuery, Reader
from libs.testing.wait import until


def told(pool: str) -> tuple[float | None, ...]:
    names = ("database_pool_in_use", "database_pool_open", "database_pool_limit")
    return tuple(REGISTRY.get_sample_value(name, {"pool": pool}) for name in names)


async def test_connections_are_counted_as_they_come_and_go(
    transactions: Database, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_metrics, "INTERVAL", 0.01)
    mine: dict[str, Pool] = {"transactions": transactions, "reads": reader}
    async with export_pool_metrics(mine):
        await until(lambda: all(told(pool) == (0, 0, 2) for pool in mine))
        async with transactions.transaction():
            await until(lambda: told("transactions") == (1, 1, 2))
        await reader.fetch_value(CompiledQuery(select(1)))
        await until(lambda: all(told(pool) == (0, 1, 2) for pool in mine))
