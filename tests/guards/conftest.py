"""The three APIs, each with a database in which its statements are listened to."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from auth_service.core.keys import write_new_key
from benchmarks import data
from benchmarks.rows.customers import Customers
from benchmarks.rows.reads import catalog_environment
from libs.testing.fixtures import DatabaseFor
from order_service.domain.actor import Actor
from tests.guards.watched import Watched, watched
from tests.guards.wire import Wire

PRODUCTS: Final = 1_000
ORDERS: Final = 500
BUYER: Final = data.owner_of(1)
OF_BUYER: Final = [number for number in range(1, ORDERS + 1) if data.owner_of(number) == BUYER]
TO_BE_PAID: Final = """
    UPDATE orders SET status = 'awaiting_payment', reserved_until = now() + interval '1 hour'
    WHERE id = ANY($1) AND status = 'delivered'
"""
ADMIN: Final = Actor(data.user_id(data.USERS + 1), "admin", is_admin=True)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
async def customers() -> AsyncIterator[Customers]:
    async with Customers.known() as known:
        yield known


@pytest.fixture(scope="module")
async def catalog(database_for: DatabaseFor, customers: Customers, logs: Path) -> AsyncIterator[Watched]:
    url = await database_for("catalog_service", own="guards")
    await _filled(url, partial(data.fill_catalog, products=PRODUCTS))
    keys = {"JWKS_URL": customers.environment(url)["JWKS_URL"]}
    async with (
        Wire(url) as wire,
        watched("catalog_service.main", catalog_environment(wire.url) | keys, wire, logs) as found,
    ):
        yield found


@pytest.fixture(scope="module")
def admin(customers: Customers) -> dict[str, str]:
    """Headers of a request of hers."""
    return {"Authorization": f"Bearer {customers.neighbours.token(ADMIN)}"}


@pytest.fixture(scope="module")
async def order(database_for: DatabaseFor, customers: Customers, logs: Path) -> AsyncIterator[Watched]:
    url = await database_for("order_service", own="guards")
    await _filled(url, partial(data.fill_orders, products=PRODUCTS, orders=ORDERS))
    await _filled(url, lambda database: database.execute(TO_BE_PAID, list(map(data.order_id, OF_BUYER))))
    async with (
        Wire(url) as wire,
        watched("order_service.main", customers.environment(wire.url), wire, logs) as found,
    ):
        found.client.headers.update(customers.authorization(BUYER))
        yield found


@pytest.fixture(scope="module")
async def auth(database_for: DatabaseFor, logs: Path) -> AsyncIterator[Watched]:
    url = await database_for("auth_service", own="guards")
    await _filled(url, data.fill_auth)
    key = logs / "jwt.pem"
    write_new_key(key)
    async with Wire(url) as wire:
        environment = {
            "DATABASE_URL": wire.url,
            "JWT_PRIVATE_KEY_FILE": str(key),
            "ADMIN_EMAIL": "root@example.com",
            "ADMIN_PASSWORD": data.PASSWORD,
        }
        async with watched("auth_service.main", environment, wire, logs) as found:
            yield found


async def _filled(url: str, fill: data.Fill) -> None:
    database = await asyncpg.connect(url)
    await fill(database)
    await database.close()
