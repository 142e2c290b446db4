"""Nothing that was acknowledged is lost when processes are killed and servers go away."""

from pathlib import Path
from signal import SIGKILL
from uuid import uuid4

import aio_pika
import asyncpg
import pytest

from libs.database.urls import for_asyncpg
from libs.testing.wait import until
from ops.stack.services import ORDER
from ops.stack.state import current
from ops.tests.fragile import FragileShop, fragile_shop


async def register(shop: FragileShop) -> str:
    name = f"c{uuid4().hex[:12]}"
    person = {"email": f"{name}@example.com", "username": name, "password": "correct horse"}
    return await shop.new(f"{shop.shop.auth}/auth/register", **person)


async def product(shop: FragileShop) -> str:
    category = await shop.new(f"{shop.shop.catalog}/category", name=f"C {uuid4().hex[:12]}")
    return await shop.new(f"{shop.shop.catalog}/product", name="Lamp", price="9.99", category_id=category, stock=5)


async def order(shop: FragileShop, ordered: str) -> str:
    return await shop.new(f"{shop.shop.order}/order", items=[{"product_id": ordered, "quantity": 1}])


async def held(shop: FragileShop, placed: str) -> None:
    """Order and catalog have exchanged their events."""

    async def status() -> bool:
        return await shop.order_status(placed) == "awaiting_payment"

    await until(status, timeout=60)


async def missing(shop: FragileShop, name: str) -> dict[str, str]:
    """What a process that is not ready says of all that it needs."""

    async def checks() -> dict[str, str] | None:
        answer = await shop.readiness(name)
        said: dict[str, str] = answer.json()["checks"]
        return said if answer.status_code == 503 else None

    found: dict[str, str] = await until(checks, timeout=60)
    return found


async def parked(shop: FragileShop) -> int:
    """How many messages have been given up, in all queues."""
    connection = await aio_pika.connect(shop.amqp_url)
    async with connection, connection.channel() as channel:
        names = ("catalog.users", "catalog.orders", "order.users", "order.products", "order.stock")
        queues = [await channel.declare_queue(f"{name}.parked", passive=True) for name in names]
        return sum(queue.declaration_result.message_count or 0 for queue in queues)


@pytest.mark.full
async def test_a_shop_outlives_its_servers_and_its_processes(tmp_path: Path, run_id: str, worker_name: str) -> None:
    # One test, because a shop takes long to start and parallel tests would each start their own.
    async with fragile_shop(tmp_path, run_id, worker_name) as shop:
        it_uses_the_servers_that_the_environment_names(shop)
        for fault in (the_broker_goes_away, a_database_goes_away, processes_are_killed):
            await fault(shop)
            await until(shop.all_ready, timeout=60)


def it_uses_the_servers_that_the_environment_names(shop: FragileShop) -> None:
    assert shop.addresses["AMQP_URL"] == shop.broker.url
    assert shop.addresses["ORDER_DATABASE_URL"] == shop.databases[ORDER].url
    assert not {"postgres", "rabbitmq"} & {entry.name for entry in current(shop.layout).processes}


async def the_broker_goes_away(shop: FragileShop) -> None:
    """Requests work, workers say what is missing, and events arrive when it is back."""
    await shop.broker.cut()
    placed = await order(shop, await product(shop))
    for name in ("auth-worker", "catalog-worker", "order-worker"):
        checks = await missing(shop, name)
        assert checks["broker"] != "ok"
        assert checks["database"] == "ok"
    assert await shop.order_status(placed) == "pending"
    await shop.broker.restore()
    await held(shop, placed)


async def a_database_goes_away(shop: FragileShop) -> None:
    """Clients are told to come back, and the events that come meanwhile are kept and not parked."""
    await shop.databases[ORDER].cut()
    answer = await shop.http.get(f"{shop.shop.order}/orders", headers={"Authorization": f"Bearer {shop.admin}"})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (await missing(shop, "order-worker"))["database"] != "ok"
    person, thing = await register(shop), await product(shop)
    await shop.databases[ORDER].restore()
    database = await asyncpg.connect(for_asyncpg(shop.databases[ORDER].url))
    try:
        await until(lambda: database.fetchval("SELECT 1 FROM users WHERE id = $1", person))
        await until(lambda: database.fetchval("SELECT 1 FROM products WHERE id = $1", thing))
    finally:
        await database.close()
    assert await parked(shop) == 0


async def processes_are_killed(shop: FragileShop) -> None:
    """They are started again, and what was accepted before is carried on."""
    killed = ("order-api", "order-worker", "catalog-worker")
    thing = await product(shop)
    placed = await order(shop, thing)
    for name in killed:
        identity = shop.process(name).identity
        assert identity is not None
        identity.send(SIGKILL)
    await until(lambda: all(shop.process(name).restarts == 1 for name in killed))
    await until(shop.all_ready, timeout=60)
    await held(shop, placed)
    await held(shop, await order(shop, thing))
    restarted = {entry.name for entry in current(shop.layout).processes if entry.restarts}
    assert restarted == set(killed)
