"""What requests ask of their database. A statement more is a slower shop, however fast the machine is that tests it.

# One set of databases and processes for all of these.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("guarded")]

These numbers only ever fall.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest

from libs.testing.fixtures import DatabaseFor
from tests.bench import data
from tests.bench.programs import running
from tests.bench.rows.customers import Customers
from tests.bench.rows.orders import PATH as PLACING
from tests.bench.rows.orders import wanted
from tests.bench.rows.reads import catalog_environment, one, page
from tests.guards.watched import Watched
from tests.guards.wire import Wire

PRODUCTS = 1_000
ORDERS = 500
BUYER = data.owner_of(1)
OF_BUYER = [number for number in range(1, ORDERS + 1) if data.owner_of(number) == BUYER]
TO_BE_PAID = """
    UPDATE orders SET status = 'awaiting_payment', reserved_until = now() + interval '1 hour'
    WHERE id = ANY($1) AND status = 'delivered'
"""
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
async def catalog(database_for: DatabaseFor, logs: Path) -> AsyncIterator[Watched]:
    url = await database_for("catalog_service", own="guards")
    await _filled(url, partial(data.fill_catalog, products=PRODUCTS))
    async with Wire(url) as wire, watched("catalog_service.main", catalog_environment(wire.url), wire, logs) as found:
        yield found


@pytest.fixture(scope="module")
async def order(database_for: DatabaseFor, logs: Path) -> AsyncIterator[Watched]:
    url = await database_for("order_service", own="guards")
    await _filled(url, partial(data.fill_orders, products=PRODUCTS, orders=ORDERS))
    await _filled(url, lambda database: database.execute(TO_BE_PAID, list(map(data.order_id, OF_BUYER))))
    async with (
        Wire(url) as wire,
        Customers.known() as customers,
        watched("order_service.main", customers.environment(wire.url), wire, logs) as found,
    ):
        found.client.headers.update(customers.authorization(BUYER))
        yield found


@asynccontextmanager
async def watched(module: str, environment: dict[str, str], wire: Wire, logs: Path) -> AsyncIterator[Watched]:
    async with (
        running(module, environment, logs) as program,
        httpx.AsyncClient(base_url=program.url, trust_env=False) as client,
    ):
        yield Watched(client, wire)


async def _filled(url: str, fill: data.Fill) -> None:
    database = await asyncpg.connect(url)
    await fill(database)
    await database.close()


@pytest.mark.parametrize("path", [one(7), "/api/v1/products/product-7", page(1), f"{page(1)}&with_total=false"])
async def test_a_read_of_the_catalog_is_one_statement(catalog: Watched, path: str) -> None:
    statements = await catalog.statements(lambda client: client.get(path))
    assert len(statements) <= 1, statements


@pytest.mark.parametrize("limit", [1, 20, 100])
async def test_a_longer_page_is_no_more_statements(catalog: Watched, limit: int) -> None:
    path = f"/api/v1/products?category_id={data.category_id(1)}&limit={limit}&with_total=true"
    assert len(await catalog.statements(lambda client: client.get(path))) <= 2


@pytest.mark.parametrize("path", [f"/api/v1/order/{data.order_id(1)}", "/api/v1/orders?limit=20", "/api/v1/cart"])
async def test_a_read_with_a_token_is_one_more_for_its_user(order: Watched, path: str) -> None:
    statements = await order.statements(lambda client: client.get(path))
    assert len(statements) <= 2, statements


@pytest.mark.parametrize("lines", [1, 3, 30])
async def test_placing_an_order_of_any_length(order: Watched, lines: int) -> None:
    body = wanted(list(range(1, lines + 1)))
    statements = await order.statements(lambda client: client.post(PLACING, content=body, headers=JSON | a_key()))
    assert len(statements) <= 8, statements


async def test_paying_an_order(order: Watched) -> None:
    unpaid = iter(OF_BUYER)

    async def pay(client: httpx.AsyncClient) -> httpx.Response:
        path = f"{PLACING}/{data.order_id(next(unpaid))}/payment"
        return await client.post(path, json={"method": "card", "token": "tok_ok"}, headers=a_key())

    statements = await order.statements(pay)
    assert len(statements) <= 27, statements


def a_key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}
