"""Products are told of once more: to one queue alone, and as they are by then."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from catalog_service.repositories.snapshots import product_snapshots
from catalog_service.tests.integration.catalog import Catalog
from libs.database.database import Database
from libs.outbox import snapshots
from libs.outbox.notifier import OutboxNotifier
from libs.outbox.snapshots import SnapshotPublisher
from libs.process.ids import new_id

QUEUE = "order.products"
NOTED = "SELECT published FROM snapshot_requests WHERE done_at IS NOT NULL"
ASK = "INSERT INTO snapshot_requests (queue, ids, requested_by) VALUES ($1, $2, 'ada')"
ASK_FOR_THE_REST = "INSERT INTO snapshot_requests (queue, cursor, requested_by) VALUES ($1, $2, 'ada')"
TOLD = "SELECT aggregate_id, type, version, payload FROM outbox WHERE queue = $1 ORDER BY id"
NEWS = "SELECT aggregate_id, type, version, payload FROM outbox WHERE queue = '' AND aggregate_id = $1 ORDER BY id"


@pytest.fixture
async def owner(database_url: str, database: asyncpg.Pool) -> AsyncIterator[SnapshotPublisher]:
    timers, notifier = Database(database_url, pool_size=1), OutboxNotifier(database_url)
    yield SnapshotPublisher(timers, notifier, product_snapshots)
    await notifier.aclose()
    await timers.aclose()
    # Workers of other tests would take it up.
    await database.execute("DELETE FROM snapshot_requests")
    await database.execute("DELETE FROM outbox WHERE queue = $1", QUEUE)


async def announce(owner: SnapshotPublisher) -> None:
    """Whoever does not note how far it came would tell of the same for ever."""
    async with asyncio.timeout(30):
        await owner.publish_due()


async def told(database: asyncpg.Pool) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await database.fetch(TOLD, QUEUE)]


async def news(database: asyncpg.Pool, product_id: str) -> tuple[Any, ...]:
    """The last that everybody was told."""
    return tuple((await database.fetch(NEWS, UUID(product_id)))[-1])


async def test_what_is_named_is_told_of_as_it_is_and_what_is_gone_as_deleted(
    owner: SnapshotPublisher, catalog: Catalog, database: asyncpg.Pool
) -> None:
    lamp = await catalog.product(sku=f"LAMP-{new_id().hex}", image_urls=["/media/front.png", "/media/back.png"])
    hidden, gone, _ = [await catalog.product() for _ in range(3)]
    await catalog.send("PUT", f"/product/{lamp['id']}", {"price": "12.50", "name": "Desk lamp"})
    await catalog.send("PUT", f"/product/{hidden['id']}", {"is_active": False})
    await catalog.send("DELETE", f"/product/{gone['id']}", status=204)
    nothing = new_id()
    named = [nothing, *(UUID(product["id"]) for product in (gone, hidden, lamp, lamp))]
    await database.execute(ASK, QUEUE, named)
    await announce(owner)
    *found, unheard_of = await told(database)
    assert found == [await news(database, product["id"]) for product in (lamp, hidden, gone)]
    assert [row[1:3] for row in found] == [("product.updated", 2), ("product.updated", 2), ("product.deleted", 2)]
    # Whoever sells what never was has to hear that there is nothing.
    assert unheard_of[:3] == (nothing, "product.deleted", 1)
    assert await database.fetchval(NOTED) == 4


async def test_all_are_told_of_in_portions_from_where_it_stopped(
    owner: SnapshotPublisher, catalog: Catalog, database: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "PAGE_SIZE", 2)
    *_, last, first, gone, third = [await catalog.product() for _ in range(5)]
    await catalog.send("DELETE", f"/product/{gone['id']}", status=204)
    # All that is here of other tests is told of already.
    await database.execute(ASK_FOR_THE_REST, QUEUE, UUID(last["id"]))
    await announce(owner)
    assert [(str(row[0]), *row[1:3]) for row in await told(database)] == [
        (first["id"], "product.updated", 1),
        (gone["id"], "product.deleted", 2),
        (third["id"], "product.updated", 1),
    ]
    assert await database.fetchval(NOTED) == 3
