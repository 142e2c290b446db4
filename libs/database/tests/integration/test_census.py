"""Rows that the database counts for Prometheus."""

import pytest
from prometheus_client import REGISTRY, Gauge
from sqlalchemy import text

from libs.database import census
from libs.database.census import Census, Count
from libs.database.transactions import Transactions

NAMES = Gauge("test_shelf_names", "Rows by name", ["name"])
ROWS = Gauge("test_shelf_rows", "Rows")
COUNTS = (
    Count(NAMES, text("SELECT name, count(*) FROM shelf GROUP BY name")),
    Count(ROWS, text("SELECT count(*) FROM shelf")),
)


@pytest.fixture
async def shelf(transactions: Transactions) -> Transactions:
    async with transactions.begin() as transaction:
        await transaction.execute(text("TRUNCATE shelf"))
        await transaction.execute(text("INSERT INTO shelf (id, name) VALUES (1, 'a'), (2, 'b')"))
    return transactions


def told(name: str) -> float | None:
    return REGISTRY.get_sample_value("test_shelf_names", {"name": name})


async def test_what_is_gone_is_told_as_none(shelf: Transactions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "EVERY", 0.0)
    monkeypatch.setattr(census, "REST", 0.0)
    taking = Census(shelf, COUNTS)
    await taking.take()
    assert (told("a"), told("b"), REGISTRY.get_sample_value("test_shelf_rows")) == (1, 1, 2)
    await shelf.execute(text("DELETE FROM shelf WHERE name = 'b'"))
    await taking.take()
    assert (told("a"), told("b"), REGISTRY.get_sample_value("test_shelf_rows")) == (1, 0, 1)


async def test_the_longer_it_counts_the_longer_it_rests(shelf: Transactions, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that took a tenth of a second is not counted again for ten."""
    monkeypatch.setattr(census, "EVERY", 0.0)
    slow = Gauge("test_shelf_slow", "Rows, counted slowly")
    taking = Census(shelf, (Count(slow, text("SELECT count(*) FROM shelf, pg_sleep(0.1)")),))
    await taking.take()
    await shelf.execute(text("DELETE FROM shelf"))
    await taking.take()
    assert REGISTRY.get_sample_value("test_shelf_slow") == 2
