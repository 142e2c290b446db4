"""What requests ask of their database. A statement more is a slower shop, however fast the machine is that tests it.

BEGIN and COMMIT are statements too. These numbers are what was counted, and they only ever fall.
"""

import itertools
from uuid import uuid4

import httpx
import pytest

from benchmarks import data
from benchmarks.rows.orders import PATH as PLACING
from benchmarks.rows.orders import wanted
from benchmarks.rows.reads import one, page
from tests.guards.conftest import OF_BUYER
from tests.guards.watched import Watched

# One set of databases and processes for all of these.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("guarded")]

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("path", [one(7), "/api/v1/products/product-7"])
async def test_a_product_that_everybody_wants_is_no_statement(catalog: Watched, path: str) -> None:
    statements = await catalog.statements(lambda client: client.get(path))
    assert statements == []


async def test_another_product_is_one_statement(catalog: Watched) -> None:
    numbers = itertools.count(100)
    statements = await catalog.statements(lambda client: client.get(one(next(numbers))))
    assert len(statements) <= 1, statements


@pytest.mark.parametrize("path", [page(1), f"{page(1)}&with_total=false"])
async def test_a_page_of_the_catalog_is_one_statement(catalog: Watched, path: str) -> None:
    statements = await catalog.statements(lambda client: client.get(path))
    assert len(statements) <= 1, statements


@pytest.mark.parametrize("limit", [1, 20, 100])
async def test_a_longer_page_is_no_more_statements(catalog: Watched, limit: int) -> None:
    path = f"/api/v1/products?category_id={data.category_id(1)}&limit={limit}&with_total=true"
    statements = await catalog.statements(lambda client: client.get(path))
    assert len(statements) <= 2, statements


async def test_making_a_product(catalog: Watched, admin: dict[str, str]) -> None:
    async def make(client: httpx.AsyncClient) -> httpx.Response:
        product = {"name": f"Kettle {uuid4()}", "price": "19.99", "category_id": str(data.category_id(1)), "stock": 3}
        return await client.post("/api/v1/product", json=product, headers=admin)

    statements = await catalog.statements(make)
    assert len(statements) <= 7, statements


@pytest.mark.parametrize("path", [f"/api/v1/order/{data.order_id(1)}", "/api/v1/orders?limit=20", "/api/v1/cart"])
async def test_a_read_with_a_token_is_one_more_for_its_user(order: Watched, path: str) -> None:
    statements = await order.statements(lambda client: client.get(path))
    assert len(statements) <= 2, statements


@pytest.mark.parametrize("lines", [1, 3, 30])
async def test_placing_an_order_of_any_length(order: Watched, lines: int) -> None:
    body = wanted(list(range(1, lines + 1)))
    statements = await order.statements(lambda client: client.post(PLACING, content=body, headers=JSON | a_key()))
    assert len(statements) <= 5, statements


async def test_paying_an_order(order: Watched) -> None:
    unpaid = iter(OF_BUYER)

    async def pay(client: httpx.AsyncClient) -> httpx.Response:
        path = f"{PLACING}/{data.order_id(next(unpaid))}/payment"
        return await client.post(path, json={"method": "card", "token": "tok_ok"}, headers=a_key())

    statements = await order.statements(pay)
    assert len(statements) <= 19, statements


async def test_registering(auth: Watched) -> None:
    async def register(client: httpx.AsyncClient) -> httpx.Response:
        name = f"u{uuid4().hex[:20]}"
        somebody = {"email": f"{name}@example.com", "username": name, "password": data.PASSWORD}
        return await client.post("/api/v1/auth/register", json=somebody)

    statements = await auth.statements(register)
    assert len(statements) <= 4, statements


async def test_logging_in(auth: Watched) -> None:
    somebody = {"login": data.username(1), "password": data.PASSWORD}
    statements = await auth.statements(lambda client: client.post("/api/v1/auth/login", json=somebody))
    assert len(statements) <= 19, statements


async def test_asking_who_one_is(auth: Watched) -> None:
    somebody = {"login": data.username(2), "password": data.PASSWORD}
    token = (await auth.client.post("/api/v1/auth/login", json=somebody)).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    statements = await auth.statements(lambda client: client.get("/api/v1/users/me", headers=bearer))
    assert len(statements) <= 2, statements


def a_key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}
