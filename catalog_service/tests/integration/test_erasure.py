"""Whoever changed stock and is gone is named no more."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from catalog_service.domain.users import Tombstone
from catalog_service.repositories import erasure
from catalog_service.repositories.erasure import erase_names
from catalog_service.repositories.users import SqlUserReplicaStore
from catalog_service.services.user_replica import apply_user_events
from catalog_service.tests.integration.books import assert_right
from catalog_service.tests.integration.catalog import Catalog, Json
from catalog_service.tests.integration.people import Issuer
from libs.database.database import Database
from libs.process.ids import new_id


@pytest.fixture(scope="module")
async def transactions(database_url: str) -> AsyncIterator[Database]:
    transactions = Database(database_url, pool_size=2)
    yield transactions
    await transactions.aclose()


async def entered(catalog: Catalog, issuer: Issuer, product: Json, person: UUID) -> None:
    headers = {"Authorization": f"Bearer {issuer.token('admin', person)}"}
    body: dict[str, Any] = {"delta": 1, "reason": "found one"}
    answer = await catalog.call("POST", f"/product/{product['id']}/stock", json=body, headers=headers)
    assert answer.status_code == 200, answer.text


@pytest.fixture
def replica(transactions: Database) -> SqlUserReplicaStore:
    return SqlUserReplicaStore(transactions)


async def actors(catalog: Catalog, product: Json) -> list[str]:
    ledger: list[Json] = (await catalog.get(f"/product/{product['id']}/stock"))["ledger"]
    return [entry["actor"] for entry in ledger]


async def test_the_ledger_keeps_what_was_done_and_not_by_whom(
    catalog: Catalog, issuer: Issuer, transactions: Database, replica: SqlUserReplicaStore, database: asyncpg.Pool
) -> None:
    leaving, staying, unheard_of = new_id(), new_id(), new_id()
    product = await catalog.product(stock=5)
    for person in (leaving, staying, unheard_of):
        await entered(catalog, issuer, product, person)
    await erase_names(transactions)
    assert await actors(catalog, product) == ["some-admin"] * 4
    await apply_user_events(replica, Tombstone(leaving, 7))
    await erase_names(transactions)
    assert await actors(catalog, product) == ["some-admin", "some-admin", "deleted user", "some-admin"]
    await assert_right(database)


async def test_what_is_entered_after_a_deletion_is_found(
    catalog: Catalog,
    issuer: Issuer,
    transactions: Database,
    replica: SqlUserReplicaStore,
    database: asyncpg.Pool,
) -> None:
    """By somebody who had been let in before it arrived."""
    person = new_id()
    product = await catalog.product()
    await entered(catalog, issuer, product, person)
    await apply_user_events(replica, Tombstone(person, 2))
    await erase_names(transactions)
    await database.execute("UPDATE stock_ledger SET actor = 'some-admin' WHERE actor_id = $1", person)
    await erase_names(transactions)
    assert await actors(catalog, product) == ["deleted user"]


async def test_two_at_once_in_small_portions(
    catalog: Catalog,
    issuer: Issuer,
    transactions: Database,
    replica: SqlUserReplicaStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(erasure, "BATCH_SIZE", 2)
    products = [await catalog.product() for _ in range(2)]
    people = [new_id() for _ in range(3)]
    for person in people:
        for product in products:
            await entered(catalog, issuer, product, person)
        await apply_user_events(replica, Tombstone(person, 2))
    async with asyncio.timeout(20):
        await asyncio.gather(erase_names(transactions), erase_names(transactions))
    for product in products:
        assert await actors(catalog, product) == ["deleted user"] * 3
