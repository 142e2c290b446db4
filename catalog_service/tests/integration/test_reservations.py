import asyncio
import itertools
import json
import random
from uuid import UUID

import asyncpg
import pytest

from catalog_service.domain.ports import UnitOfWorkFactory
from catalog_service.domain.reservation import StockMissingError
from catalog_service.services.reserve_stock import reserve_stock_for_orders
from catalog_service.tests.integration.books import answers, assert_right, numbers, order
from catalog_service.tests.integration.catalog import Catalog, code
from libs.process.ids import new_id


async def test_of_forty_orders_at_once_ten_get_the_ten(
    catalog: Catalog, uow: UnitOfWorkFactory, database: asyncpg.Pool
) -> None:
    product = await catalog.product(stock=10)
    orders = [new_id() for _ in range(40)]
    await asyncio.gather(*(reserve_stock_for_orders(uow, order(each, 1, "pending", (product, 1))) for each in orders))
    told = [await answers(database, each) for each in orders]
    assert told.count([(1, "stock.reserved")]) == 10
    assert told.count([(1, "stock.rejected")]) == 30
    assert await numbers(catalog, product) == (10, 10)
    taken = await catalog.call("POST", f"/product/{product['id']}/stock", json={"delta": -1, "reason": "broken"})
    assert code(taken) == (409, "stock_too_low")
    await assert_right(database)


async def test_all_lines_or_none(catalog: Catalog, uow: UnitOfWorkFactory, database: asyncpg.Pool) -> None:
    plenty, scarce, hidden, gone = [await catalog.product(stock=stock) for stock in (9, 2, 9, 9)]
    await catalog.send("PUT", f"/product/{hidden['id']}", {"is_active": False})
    await catalog.send("DELETE", f"/product/{gone['id']}", status=204)
    unknown = {"id": str(new_id())}
    order_id = new_id()
    lines = ((plenty, 1), (scarce, 3), (hidden, 1), (gone, 1), (unknown, 2))
    await reserve_stock_for_orders(uow, order(order_id, 1, "pending", *lines))
    payload = json.loads(await database.fetchval("SELECT payload FROM outbox WHERE aggregate_id = $1", order_id))
    short = {each["product_id"]: (each["wanted"], each["available"]) for each in payload["shortages"]}
    assert short == {scarce["id"]: (3, 2), hidden["id"]: (1, 0), gone["id"]: (1, 0), unknown["id"]: (2, 0)}
    assert await numbers(catalog, plenty) == (9, 0)


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_order_the_events_come_in(
    catalog: Catalog, uow: UnitOfWorkFactory, database: asyncpg.Pool, seed: int
) -> None:
    """Each story three times over, shuffled together, many at once: the stock is what the last versions demand."""
    drawn = random.Random(seed)  # noqa: S311 - the same story each time.
    a, b = await catalog.product(stock=100), await catalog.product(stock=100)
    stories = [
        (["pending", "awaiting_payment", "paid", "shipped", "delivered"], (97, 0)),
        (["pending", "awaiting_payment", "paid", "refunded"], (100, 0)),
        (["pending", "awaiting_payment", "expired"], (100, 0)),
        (["pending", "cancelled"], (100, 0)),
        (["pending", "pending", "awaiting_payment"], (100, 3)),
        (["pending", "awaiting_payment", "pending", "awaiting_payment", "paid"], (97, 0)),
    ]
    events = []
    for statuses, _ in stories:
        order_id = new_id()
        events += [order(order_id, number + 1, status, (a, 3), (b, 3)) for number, status in enumerate(statuses)]
    shuffled = events * 3
    drawn.shuffle(shuffled)
    for start in range(0, len(shuffled), 10):
        heard = iter(shuffled[start : start + 10])
        batches = [list(itertools.islice(heard, drawn.randint(1, 4))) for _ in range(10)]
        await asyncio.gather(*(reserve_stock_for_orders(uow, *batch) for batch in batches))
    sold = sum(100 - on_hand for _, (on_hand, _) in stories)
    held = sum(reserved for _, (_, reserved) in stories)
    for product in (a, b):
        assert await numbers(catalog, product) == (100 - sold, held)
    await assert_right(database)


async def test_an_amended_order_swaps_what_it_holds(
    catalog: Catalog, uow: UnitOfWorkFactory, database: asyncpg.Pool
) -> None:
    a, b = await catalog.product(stock=5), await catalog.product(stock=5)
    order_id = new_id()
    await reserve_stock_for_orders(uow, order(order_id, 1, "pending", (a, 4), (b, 1)))
    await reserve_stock_for_orders(uow, order(order_id, 2, "pending", (a, 5)))
    assert (await numbers(catalog, a), await numbers(catalog, b)) == ((5, 5), (5, 0))
    await reserve_stock_for_orders(uow, order(order_id, 3, "pending", (a, 6), (b, 1)))
    assert (await numbers(catalog, a), await numbers(catalog, b)) == ((5, 0), (5, 0))
    kinds = ["stock.reserved", "stock.reserved", "stock.rejected"]
    assert await answers(database, order_id) == list(enumerate(kinds, start=1))
    payload = await database.fetchval(
        "SELECT payload FROM outbox WHERE type = $1 AND aggregate_id = $2", kinds[2], order_id
    )
    assert json.loads(payload)["shortages"] == [{"product_id": a["id"], "wanted": 6, "available": 5}]
    await assert_right(database)


async def test_the_same_version_gets_the_same_answer(
    catalog: Catalog, uow: UnitOfWorkFactory, database: asyncpg.Pool
) -> None:
    product = await catalog.product(stock=1)
    order_id = new_id()
    asked = order(order_id, 1, "pending", (product, 2))
    await reserve_stock_for_orders(uow, asked)
    await catalog.send("POST", f"/product/{product['id']}/stock", {"delta": 9, "reason": "delivery"})
    # As the relay does when the answer has left.
    await database.execute("DELETE FROM outbox WHERE aggregate_id = $1", order_id)
    await reserve_stock_for_orders(uow, asked)
    assert await answers(database, order_id) == [(1, "stock.rejected")]
    await reserve_stock_for_orders(uow, order(order_id, 2, "rejected", (product, 2)))
    await reserve_stock_for_orders(uow, asked)
    assert await answers(database, order_id) == [(1, "stock.rejected")]
    assert await numbers(catalog, product) == (10, 0)


async def test_a_paid_order_without_stock_is_for_a_person(
    catalog: Catalog, uow: UnitOfWorkFactory, database: asyncpg.Pool
) -> None:
    product = await catalog.product(stock=1)
    order_id = new_id()
    with pytest.raises(StockMissingError):
        await reserve_stock_for_orders(uow, order(order_id, 3, "paid", (product, 2)))
    assert await database.fetchval("SELECT count(*) FROM reservations WHERE order_id = $1", order_id) == 0
    assert await numbers(catalog, product) == (1, 0)


async def test_crossing_orders_do_not_wait_for_each_other(
    catalog: Catalog, uow: UnitOfWorkFactory, database: asyncpg.Pool
) -> None:
    products = [await catalog.product(stock=1000) for _ in range(6)]
    drawn = random.Random(1)  # noqa: S311 - the same crowd each time.

    async def live(order_id: UUID) -> None:
        lines = [(product, drawn.randint(1, 3)) for product in drawn.sample(products, 4)]
        for version, status in enumerate(("pending", drawn.choice(("cancelled", "paid"))), start=1):
            await reserve_stock_for_orders(uow, order(order_id, version, status, *lines))

    await asyncio.gather(*(live(new_id()) for _ in range(40)))
    await assert_right(database)
