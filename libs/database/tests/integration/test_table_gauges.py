"""Rows that the database counts for Prometheus."""

import pytest
from prometheus_client import REGISTRY, Gauge
from sqlalchemy import text

from libs.database import table_gauges
from libs.database.database import Database
from libs.database.table_gauges import GaugeQuery, TableGauges

NAMES = Gauge("test_shelf_names", "Rows by name", ["name"])
ROWS = Gauge("test_shelf_rows", "Rows")
COUNTS = (
    GaugeQuery(NAMES, text("SELECT name, count(*) FROM shelf GROUP BY name")),
    GaugeQuery(ROWS, text("SELECT count(*) FROM shelf")),
)


@pytest.fixture
async def shelf(transactions: Database) -> Database:
    async with transactions.transaction() as transaction:
        await transaction.execute(text("TRUNCATE shelf"))
        await transaction.execute(text("INSERT INTO shelf (id, name) VALUES (1, 'a'), (2, 'b')"))
    return transactions


def told(name: str) -> float | None:
    return REGISTRY.get_sample_value("test_shelf_names", {"name": name})


async def test_what_is_gone_is_told_as_none(shelf: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_gauges, "INTERVAL", 0.0)
    monkeypatch.setattr(table_gauges, "IDLE_RATIO", 0.0)
    taking = TableGauges(shelf, COUNTS)
    await taking.refresh()
    assert (told("a"), told("b"), REGISTRY.get_sample_value("test_shelf_rows")) == (1, 1, 2)
    await shelf.execute(text("DELETE FROM shelf WHERE name = 'b'"))
    await taking.refresh()
    assert (told("a"), told("b"), REGISTRY.get_sample_value("test_shelf_rows")) == (1, 0, 1)


async def test_the_longer_it_counts_the_longer_it_rests(shelf: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that took a tenth of a second is not counted again for ten."""
    monkeypatch.setattr(table_gauges, "INTERVAL", 0.0)
    slow = Gauge("test_shelf_slow", "Rows, counted slowly")
    taking = TableGauges(shelf, (GaugeQuery(slow, text("SELECT count(*) FROM shelf, pg_sleep(0.1)")),))
    await taking.refresh()
    await shelf.execute(text("DELETE FROM shelf"))
    await taking.refresh()
    assert REGISTRY.get_sample_value("test_shelf_slow") == 2
