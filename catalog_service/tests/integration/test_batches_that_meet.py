"""Transactions of many orders that meet: nobody waits in a circle, and the books are right."""

import asyncio
import random
from uuid import UUID

import asyncpg
import pytest

from catalog_service.domain.ports import UnitOfWorkFactory
from catalog_service.domain.reservation import OrderSnapshot
from catalog_service.services.reserve_stock import reserve_stock_for_orders
from catalog_service.tests.integration.books import answers, assert_right, numbers, order
from catalog_service.tests.integration.catalog import Catalog, code
from libs.process.ids import new_id


@pytest.mark.parametrize("seed", range(4))
async def test_workers_that_hear_the_same(
    catalog: Catalog, uow: UnitOfWorkFactory, database: asyncpg.Pool, seed: int
) -> None:
    """Workers hear the same events in batches of their own while an admin changes the stock of the same products."""
    drawn = random.Random(seed)  # noqa: S311 - the same crowd each time.
    products = [await catalog.product(stock=15) for _ in range(4)]
    staying, leaving = [new_id() for _ in range(20)], [new_id() for _ in range(20)]
    events: list[OrderSnapshot] = []
    for order_id in (*staying, *leaving):
        lines = [(product, drawn.randint(1, 3)) for product in drawn.sample(products, 2)]
        events.append(order(order_id, 1, "pending", *lines))
        if order_id in leaving:
            events.append(order(order_id, 2, "cancelled", *lines))

    async def work() -> None:
        heard = drawn.sample(events, len(events))
        while heard:
            together = drawn.randint(1, 30)
            await reserve_stock_for_orders(uow, *heard[:together])
            del heard[:together]

    async def adjust() -> None:
        for _ in range(20):
            path, delta = f"/product/{drawn.choice(products)['id']}/stock", drawn.choice((-1, 1))
            response = await catalog.call("POST", path, json={"delta": delta, "reason": "counted"})
            assert response.is_success or code(response) == (409, "stock_too_low")

    await asyncio.gather(*(work() for _ in range(4)), adjust(), adjust())
    await assert_right(database)
    rows = await database.fetch(
        "SELECT order_id, state, order_version FROM reservations WHERE order_id = ANY($1)", [*staying, *leaving]
    )
    found = {row["order_id"]: (row["state"], row["order_version"]) for row in rows}
    assert [found[order_id] for order_id in leaving] == [("released", 2)] * 20
    for order_id in staying:
        answer = {("held", 1): "stock.reserved", ("short", 1): "stock.rejected"}[found[order_id]]
        assert await answers(database, order_id) == [(1, answer)]


async def test_batches_of_different_orders_do_not_wait_for_each_other(
    catalog: Catalog, uow: UnitOfWorkFactory, database: asyncpg.Pool
) -> None:
    products = [await catalog.product(stock=1000) for _ in range(6)]
    drawn = random.Random(1)  # noqa: S311 - the same crowd each time.

    async def live(order_ids: list[UUID]) -> None:
        for version, status in enumerate(("pending", "paid", "refunded"), start=1):
            lines = [[(product, 1) for product in drawn.sample(products, 2)] for _ in order_ids]
            changed = zip(order_ids, lines, strict=True)
            await reserve_stock_for_orders(
                uow, *(order(order_id, version, status, *wanted) for order_id, wanted in changed)
            )

    await asyncio.gather(*(live([new_id() for _ in range(5)]) for _ in range(20)))
    assert [await numbers(catalog, product) for product in products] == [(1000, 0)] * 6
    await assert_right(database)
