"""Whoever may not have heard of a change remembers nothing."""

import asyncio

import asyncpg
import pytest
from fastapi import FastAPI

from catalog_service.tests.integration.memory.process import Process, answered_from_memory, new_product, process
from catalog_service.tests.integration.people import Issuer
from libs.testing.wait import until


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
