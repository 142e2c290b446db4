"""Whoever may not have heard of a change remembers nothing."""

import asyncpg
import pytest

from catalog_service.repositories.cache_invalidation import ChangePublisher
from catalog_service.tests.integration.memory.process import Clock, Process, new_product
from libs.testing.wait import until


async def test_without_a_connection_that_listens_nothing_is_remembered(
    processes: tuple[Process, Process], database: asyncpg.Pool, clock: Clock
) -> None:
    one, _ = processes
    clock.stop()
    product = await new_product(one)
    await one.warm(product["id"])
    # Nobody tells of what is changed by hand.
    await database.execute("UPDATE products SET description = 'untold' WHERE id = $1", product["id"])
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


async def test_what_is_told_and_makes_no_sense_makes_forget_all(
    processes: tuple[Process, Process], database: asyncpg.Pool
) -> None:
    one, _ = processes
    product = await new_product(one)
    await one.warm(product["id"])
    await database.execute("SELECT pg_notify('products_changed', $1)", f"no id,{product['id']}")
    await until(lambda: len(one.cache) == 0, timeout=2)
    await one.warm(product["id"])


async def test_what_a_crash_has_kept_from_others_is_shown_for_a_second_at_most(
    processes: tuple[Process, Process], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit is done, and its process dies before it tells."""
    one, other = processes
    product = await new_product(one)
    clock.stop()
    await other.warm(product["id"])

    async def die(_publisher: ChangePublisher, _product_ids: object) -> None:
        raise SystemError

    monkeypatch.setattr(ChangePublisher, "publish", die)
    response = await one.admin.put(f"/product/{product['id']}", json={"price": "99.00"})
    assert response.status_code == 500  # As close to no answer as one process comes.
    assert (await other.see(product["id"])).json()["price"] == "10.00"
    clock.pass_by(1.01)
    assert (await other.see(product["id"])).json()["price"] == "99.00"


async def test_a_change_is_a_success_even_if_it_cannot_be_told(
    processes: tuple[Process, Process], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = processes
    product = await new_product(one)
    clock.stop()
    await other.warm(product["id"])

    async def fail(_publisher: ChangePublisher, _product_ids: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(ChangePublisher, "_notify", fail)
    response = await one.admin.put(f"/product/{product['id']}", json={"price": "99.00"})
    assert (response.status_code, (await one.see(product["id"])).json()["price"]) == (200, "99.00")
    clock.pass_by(1.01)
    assert (await other.see(product["id"])).json()["price"] == "99.00"
