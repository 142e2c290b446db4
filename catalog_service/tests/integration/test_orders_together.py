"""Many orders in one transaction."""

from functools import partial
from uuid import UUID

import asyncpg
import pytest

from catalog_service.domain.ports import UnitOfWorkFactory
from catalog_service.domain.reservation import StockMissingError
from catalog_service.repositories.cache_invalidation import ChangePublisher
from catalog_service.repositories.unit_of_work import CatalogUnitOfWork
from catalog_service.services.reserve_stock import reserve_stock_for_orders
from catalog_service.tests.integration.books import answers, assert_right, numbers, order
from catalog_service.tests.integration.catalog import Catalog, Json
from libs.database.database import Database
from libs.outbox.notifier import OutboxNotifier
from libs.process.ids import new_id
from libs.testing.statements import statements

Entry = tuple[int, int, str, UUID | None]


async def entries(database: asyncpg.Pool, product: Json) -> list[Entry]:
    rows = await database.fetch(
        "SELECT version, delta, reason, order_id FROM stock_ledger WHERE product_id = $1 ORDER BY version",
        UUID(product["id"]),
    )
    return [tuple(row) for row in rows]


async def version(database: asyncpg.Pool, product: Json) -> int:
    return int(await database.fetchval("SELECT version FROM stock WHERE product_id = $1", UUID(product["id"])))


async def test_as_many_are_held_as_there_are(catalog: Catalog, uow: UnitOfWorkFactory, database: asyncpg.Pool) -> None:
    product = await catalog.product(stock=5)
    orders = [new_id() for _ in range(4)]
    wanted = zip(orders, (2, 2, 2, 1), strict=True)
    await reserve_stock_for_orders(uow, *(order(each, 1, "pending", (product, units)) for each, units in wanted))
    told = [await answers(database, each) for each in orders]
    assert [kind for ((_, kind),) in told] == ["stock.reserved", "stock.reserved", "stock.rejected", "stock.reserved"]
    assert await numbers(catalog, product) == (5, 5)
    # Three movements were three versions; none of them changed what is on hand.
    assert await version(database, product) == 4
    assert await entries(database, product) == [(1, 5, "opening stock", None)]
    await assert_right(database)


async def test_each_movement_has_its_version_and_its_entry(
    catalog: Catalog, uow: UnitOfWorkFactory, database: asyncpg.Pool
) -> None:
    a, b = await catalog.product(stock=10), await catalog.product(stock=10)
    sold, returned, held, both, idle = [new_id() for _ in range(5)]
    await reserve_stock_for_orders(
        uow,
        order(sold, 1, "pending", (a, 1)),
        order(returned, 1, "paid", (a, 2), (b, 2)),
        order(idle, 1, "pending", (a, 1)),
    )
    assert [await version(database, each) for each in (a, b)] == [4, 2]
    await reserve_stock_for_orders(
        uow,
        order(sold, 2, "paid", (a, 1)),
        order(idle, 2, "awaiting_payment", (a, 1)),
        order(held, 1, "pending", (a, 3)),
        order(returned, 2, "refunded", (a, 2), (b, 2)),
        order(both, 1, "paid", (a, 4), (b, 4)),
    )
    assert await entries(database, a) == [
        (1, 10, "opening stock", None),
        (3, -2, "sold", returned),
        (5, -1, "sold", sold),
        (7, 2, "returned", returned),
        (8, -4, "sold", both),
    ]
    assert await entries(database, b) == [
        (1, 10, "opening stock", None),
        (2, -2, "sold", returned),
        (3, 2, "returned", returned),
        (4, -4, "sold", both),
    ]
    assert [await version(database, each) for each in (a, b)] == [8, 4]
    assert [await numbers(catalog, each) for each in (a, b)] == [(5, 4), (6, 0)]
    await assert_right(database)


async def test_two_events_of_one_order(catalog: Catalog, uow: UnitOfWorkFactory, database: asyncpg.Pool) -> None:
    product = await catalog.product(stock=5)
    amended, cancelled = new_id(), new_id()
    await reserve_stock_for_orders(
        uow,
        order(amended, 1, "pending", (product, 5)),
        order(cancelled, 2, "cancelled", (product, 4)),
        order(amended, 2, "pending", (product, 3)),
        order(cancelled, 1, "pending", (product, 4)),
    )
    assert (await answers(database, amended), await answers(database, cancelled)) == ([(2, "stock.reserved")], [])
    assert await numbers(catalog, product) == (5, 3)
    assert await version(database, product) == 2
    await assert_right(database)


async def test_one_without_stock_undoes_all(catalog: Catalog, uow: UnitOfWorkFactory, database: asyncpg.Pool) -> None:
    product = await catalog.product(stock=2)
    fine, wrong = new_id(), new_id()
    with pytest.raises(StockMissingError):
        await reserve_stock_for_orders(
            uow, order(fine, 1, "pending", (product, 1)), order(wrong, 3, "paid", (product, 2))
        )
    assert await numbers(catalog, product) == (2, 0)
    assert await answers(database, fine) == []
    assert await database.fetchval("SELECT count(*) FROM reservations WHERE order_id = ANY($1)", [fine, wrong]) == 0


async def test_many_cost_as_many_statements_as_one(catalog: Catalog, database_url: str) -> None:
    products = [await catalog.product(stock=100) for _ in range(3)]
    lines = [(product, 1) for product in products]
    transactions, notifier = Database(database_url, pool_size=1), OutboxNotifier(database_url)
    for orders in (1, 30):
        uow = partial(CatalogUnitOfWork, transactions, notifier, ChangePublisher(transactions))
        async with statements(transactions) as seen:
            placed = [order(new_id(), 1, "pending", *lines) for _ in range(orders)]
            await reserve_stock_for_orders(uow, *placed)
        # The last one tells, after the commit, which products have changed.
        assert (len(seen), "pg_notify" in seen[-1]) == (6, True), seen
    await notifier.aclose()
    await transactions.aclose()
