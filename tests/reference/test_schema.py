"""Each database's tables: as the file in docs/reference has them, and alike in migrations and models."""

import asyncio
import os
import sys

import pytest
from sqlalchemy import MetaData

import auth_service.models
import catalog_service.models
import order_service.models
from libs.testing.databases import ROOT
from libs.testing.engines import new_engine
from libs.testing.fixtures import DatabaseFor
from libs.testing.schema_dump import schema_dump
from order_service.webhooks import tables  # noqa: F401 - adds its tables to the metadata
from tests.reference.conftest import IsCurrent

METADATA = {
    "auth": auth_service.models.metadata,
    "catalog": catalog_service.models.metadata,
    "order": order_service.models.metadata,
}
SERVICES = list(METADATA)


async def alembic(service: str, url: str, *arguments: str) -> None:
    command = (sys.executable, "-m", "alembic", "-c", f"{service}_service/migrations/alembic.ini", *arguments)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env={**os.environ, "DATABASE_URL": url})
    assert await process.wait() == 0


async def create_all(url: str, metadata: MetaData) -> None:
    engine = new_engine(url, pool_size=1)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()


def tables_of(dump: str) -> dict[str, list[str]]:
    """Columns in any order: models and migrations may add one at different places. Triggers are no model's."""
    found = {}
    for statement in dump.split("\n\n"):
        lines = [line.strip().rstrip(",") for line in statement.splitlines() if not line.startswith("CREATE TRIGGER")]
        if lines[0].startswith("CREATE TABLE"):
            found[lines[0]] = sorted(lines)
    return found


@pytest.mark.parametrize("service", SERVICES)
async def test_schema_dumps_are_current(service: str, database_for: DatabaseFor, is_current: IsCurrent) -> None:
    is_current(f"schema/{service}.sql", await schema_dump(await database_for(f"{service}_service")))


@pytest.mark.parametrize("service", SERVICES)
async def test_models_are_what_migrations_make(service: str, database_for: DatabaseFor) -> None:
    """Whatever one has and the other lacks shows: tables, columns, defaults, constraints, indexes, storage."""

    async def prepare(url: str) -> None:
        await create_all(url, METADATA[service])

    migrated = await schema_dump(await database_for(f"{service}_service"))
    modelled = await schema_dump(await database_for(f"{service}_models", prepare))
    assert tables_of(modelled) == tables_of(migrated)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_downgrade_leaves_nothing_and_an_upgrade_makes_it_again(
    service: str, database_for: DatabaseFor
) -> None:
    url = await database_for(f"{service}_service", own="downgraded")
    before = await schema_dump(url)
    await alembic(service, url, "downgrade", "base")
    assert (await schema_dump(url)).strip() == ""
    await alembic(service, url, "upgrade", "head")
    assert await schema_dump(url) == before


@pytest.mark.parametrize("service", SERVICES)
async def test_no_function_of_a_database_notifies(service: str, database_for: DatabaseFor) -> None:
    """In a trigger, NOTIFY takes a lock on the whole server for each transaction that commits."""
    assert "notify" not in (await schema_dump(await database_for(f"{service}_service"))).lower()
