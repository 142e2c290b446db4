"""Products answered from memory: by two processes on one database, while products change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY

from catalog_service.core.settings import Settings
from catalog_service.main import create_app
from catalog_service.tests.integration.people import Issuer
from libs.http.memory import Memory
from libs.http.security import Authenticator
from libs.testing.wait import until

SIZE = 5


@dataclass
class Process:
    app: FastAPI
    admin: httpx.AsyncClient
    anyone: httpx.AsyncClient

    @property
    def memory(self) -> Memory:
        memory: Memory = self.app.state.memory
        return memory

    async def see(self, reference: str) -> httpx.Response:
        return await self.anyone.get(f"/products/{reference}")

    async def warm(self, reference: str) -> dict[str, Any]:
        """Shows it until it comes from memory."""

        async def is_remembered() -> bool:
            before = answered_from_memory()
            assert (await self.see(reference)).status_code == 200
            return answered_from_memory() > before

        await until(is_remembered)
        shown: dict[str, Any] = (await self.see(reference)).json()
        return shown


def answered_from_memory() -> float:
    return REGISTRY.get_sample_value("remembered_answers_total") or 0.0


@asynccontextmanager
async def process(database_url: str, authenticator: Authenticator, token: str) -> AsyncIterator[Process]:
    app = create_app(Settings(database_url=database_url, jwks_url="http://127.0.0.1:1/", remembered_products=SIZE))
    app.state.authenticator = authenticator
    transport, base = httpx.ASGITransport(app), "http://catalog/api/v1"
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=base, headers={"Authorization": f"Bearer {token}"}) as admin,
        httpx.AsyncClient(transport=transport, base_url=base) as anyone,
    ):
        yield Process(app, admin, anyone)


@pytest.fixture
async def processes(app: FastAPI, database_url: str, issuer: Issuer) -> AsyncIterator[tuple[Process, Process]]:
    async with AsyncExitStack() as stack:
        one, other = [
            await stack.enter_async_context(process(database_url, app.state.authenticator, issuer.token("admin")))
            for _ in range(2)
        ]
        yield one, other


async def new_product(through: Process, **fields: Any) -> dict[str, Any]:
    body = {"name": f"Lamp {uuid4()}", "price": "10.00", "stock": 5, **fields}
    response = await through.admin.post("/product", json=body)
    assert response.status_code == 201, response.text
    product: dict[str, Any] = response.json()
    return product


async def test_whoever_changes_it_never_sees_an_older_version(processes: tuple[Process, Process]) -> None:
    one, other = processes
    product = await new_product(one)
    reference = product["id"]
    for price in range(20, 40):
        await asyncio.gather(*(each.see(reference) for each in processes for _ in range(3)))
        changed = await one.admin.put(f"/product/{reference}", json={"price": f"{price}.00"})
        assert changed.status_code == 200
        own = await one.see(reference)
        elsewhere = await other.admin.get(f"/products/{reference}")
        assert own.json()["price"] == elsewhere.json()["price"] == f"{price}.00"
        assert own.headers["etag"] == elsewhere.headers["etag"] == changed.headers["etag"]


async def test_others_hear_of_it(processes: tuple[Process, Process]) -> None:
    one, other = processes
    product = await new_product(one)
    for reference in (product["id"], product["slug"]):
        await other.warm(reference)
    await one.admin.post(f"/product/{product['id']}/stock", json={"delta": 3, "reason": "delivery"})
    for reference in (product["id"], product["slug"]):

        async def is_new(reference: str = reference) -> bool:
            return bool((await other.see(reference)).json()["available"] == 8)

        await until(is_new, timeout=2)


# With its entry in the ledger: other tests look into the books of all products.
COUNTED = """
    WITH entry AS (
        INSERT INTO stock_ledger (product_id, version, delta, reason, actor_id, actor, at)
        SELECT product_id, version + 1, 1, 'by hand', gen_random_uuid(), 'some-admin', now()
        FROM stock WHERE product_id = $1
    )
    UPDATE stock SET on_hand = on_hand + 1, version = version + 1 WHERE product_id = $1
"""


async def test_whoever_writes_it_is_heard(processes: tuple[Process, Process], database: asyncpg.Pool) -> None:
    """By hand, in many rows at once, or all of them."""
    one, _ = processes
    product = await new_product(one)
    for statement in (
        "UPDATE products SET description = 'by hand' WHERE id = $1",
        "UPDATE products SET description = 'all', price = price WHERE $1::uuid IS NOT NULL",
        COUNTED,
    ):
        before = await one.warm(product["id"])
        await database.execute(statement, product["id"])

        async def is_new(before: dict[str, Any] = before) -> bool:
            return bool((await one.see(product["id"])).json() != before)

        await until(is_new, timeout=2)


async def test_what_is_deleted_or_hidden_is_gone(processes: tuple[Process, Process]) -> None:
    one, other = processes
    product, hidden = await new_product(one), await new_product(one)
    for each in (product, hidden):
        await one.warm(each["id"])
        await other.warm(each["slug"])
    assert (await one.admin.delete(f"/product/{product['id']}")).status_code == 204
    await one.admin.put(f"/product/{hidden['id']}", json={"is_active": False})
    assert [(await one.see(each["id"])).status_code for each in (product, hidden)] == [404, 404]
    # An admin sees what is hidden, and nobody sees it because of that.
    assert (await one.admin.get(f"/products/{hidden['id']}")).status_code == 200
    assert (await one.see(hidden["id"])).status_code == 404

    async def are_gone() -> bool:
        return [(await other.see(each["slug"])).status_code for each in (product, hidden)] == [404, 404]

    await until(are_gone, timeout=2)


async def test_memory_answers_as_the_database_does(processes: tuple[Process, Process]) -> None:
    one, _ = processes
    product = await new_product(one, description="Ä lamp")
    path = f"/products/{product['id']}"
    await one.warm(product["id"])
    past_memory = await one.anyone.get(path, headers={"Cache-Control": "no-cache", "X-Request-ID": "same"})
    remembered = await one.anyone.get(path, headers={"X-Request-ID": "same"})
    assert remembered.content == past_memory.content
    assert remembered.headers == past_memory.headers
    tag = remembered.headers["etag"]
    for known in (tag, f'"0", W/{tag}', "*"):
        unchanged = await one.anyone.get(path, headers={"If-None-Match": known})
        assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", tag)
    for lines, status in (([tag, '"0"'], 304), (['"0"', tag], 304), (['"0"', '"1-0"'], 200)):
        conditions = [("If-None-Match", line) for line in lines]
        for more in ([], [("Cache-Control", "no-cache")]):
            assert (await one.anyone.get(path, headers=[*conditions, *more])).status_code == status
    assert (await one.anyone.get(path, headers={"If-None-Match": '"0"'})).status_code == 200
    assert (await one.anyone.get(f"{path}/")).content == remembered.content
    head = await one.anyone.head(path)
    assert (head.status_code, head.headers["allow"]) == (405, "GET")


async def test_requests_from_memory_are_measured_like_others(processes: tuple[Process, Process]) -> None:
    one, _ = processes
    product = await new_product(one)
    labels = {"method": "GET", "route": "/products/{id_or_slug}", "status": "200"}
    await one.warm(product["id"])
    before = REGISTRY.get_sample_value("http_requests_total", labels)
    await one.see(product["id"])
    assert REGISTRY.get_sample_value("http_requests_total", labels) == (before or 0) + 1


async def test_without_a_connection_that_listens_nothing_is_remembered(
    processes: tuple[Process, Process], database: asyncpg.Pool
) -> None:
    one, _ = processes
    product = await new_product(one)
    await one.warm(product["id"])
    async with database.acquire() as connection, connection.transaction():
        await connection.execute("ALTER TABLE products DISABLE TRIGGER USER")  # Nobody tells of what comes now.
        await connection.execute("UPDATE products SET description = 'untold' WHERE id = $1", product["id"])
        await connection.execute("ALTER TABLE products ENABLE TRIGGER USER")
    assert (await one.see(product["id"])).json()["description"] == ""
    ended = await database.fetch(
        """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'changes'
        """
    )
    assert ended

    async def is_read_again() -> bool:
        return bool((await one.see(product["id"])).json()["description"] == "untold")

    await until(is_read_again, timeout=2)
    await one.warm(product["id"])


@pytest.mark.parametrize(
    ("lost", "back"),
    [
        ("ALTER TABLE stock DISABLE TRIGGER tell_updated", "ALTER TABLE stock ENABLE TRIGGER tell_updated"),
        ("ALTER TRIGGER tell_updated ON stock RENAME TO gone", "ALTER TRIGGER gone ON stock RENAME TO tell_updated"),
    ],
)
async def test_without_the_triggers_that_tell_nothing_is_remembered(
    processes: tuple[Process, Process],
    database: asyncpg.Pool,
    database_url: str,
    app: FastAPI,
    issuer: Issuer,
    lost: str,
    back: str,
) -> None:
    one, _ = processes
    product = await new_product(one)
    await one.warm(product["id"])
    await database.execute(lost)
    try:
        async with process(database_url, app.state.authenticator, issuer.token("admin")) as late:

            async def nobody_remembers() -> bool:
                before = answered_from_memory()
                for each in (one, late):
                    for _ in range(3):
                        await each.see(product["id"])
                return answered_from_memory() == before

            await until(nobody_remembers, timeout=10)
            # One that starts now has looked for them by then.
            await asyncio.sleep(0.5)
            assert await nobody_remembers()
    finally:
        await database.execute(back)
    await one.warm(product["id"])


async def test_what_is_told_and_makes_no_sense_makes_forget_all(
    processes: tuple[Process, Process], database: asyncpg.Pool
) -> None:
    one, _ = processes
    product = await new_product(one)
    await one.warm(product["id"])
    await database.execute("SELECT pg_notify('products_changed', $1)", f"no id,{product['id']}")
    await until(lambda: len(one.memory) == 0, timeout=2)
    await one.warm(product["id"])


async def test_memory_is_bounded(processes: tuple[Process, Process]) -> None:
    one, _ = processes
    for _ in range(SIZE + 3):
        await one.warm((await new_product(one))["id"])
    assert len(one.memory) == SIZE


async def test_readers_racing_with_writers_keep_nothing_old(processes: tuple[Process, Process]) -> None:
    one, other = processes
    product = await new_product(one)
    done = asyncio.Event()

    async def read(through: Process) -> None:
        while not done.is_set():
            await through.see(product["id"])
            # What comes from memory waits for nothing, and would let nobody else come forward.
            await asyncio.sleep(0)

    async def write() -> None:
        for number in range(40):
            through = processes[number % 2]
            await through.admin.put(f"/product/{product['id']}", json={"price": f"{number}.00"})
        done.set()

    await asyncio.gather(write(), *(read(each) for each in processes for _ in range(4)))
    for each in (one, other):

        async def is_newest(each: Process = each) -> bool:
            return bool((await each.see(product["id"])).json()["price"] == "39.00")

        await until(is_newest, timeout=2)
        assert (await each.warm(product["id"]))["price"] == "39.00"
