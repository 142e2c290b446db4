"""An `up` that has nothing to migrate does without alembic."""

import shutil
from pathlib import Path

import pytest

from libs.testing.fixtures import DatabaseFor
from ops.stack.migrations import up_to_date
from ops.stack.paths import REPOSITORY
from ops.stack.services import AUTH, SERVICES, Service


def versions_of(service: Service) -> Path:
    return REPOSITORY / service.package / "migrations" / "versions"


def with_one_more(folder: Path, follows: str) -> Path:
    versions = Path(shutil.copytree(versions_of(AUTH), folder / "versions"))
    (versions / "9999_more.py").write_text(f'revision = "9999"\ndown_revision = {follows}\n')
    return versions


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_a_migrated_database_is_up_to_date(service: Service, database_for: DatabaseFor) -> None:
    assert await up_to_date(await database_for(service.package), versions_of(service))


@pytest.mark.parametrize("follows", ['"0001"', '("0001", "0002")', "None"])
async def test_a_new_migration_is_noticed(follows: str, database_for: DatabaseFor, tmp_path: Path) -> None:
    assert not await up_to_date(await database_for(AUTH.package), with_one_more(tmp_path, follows))


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:1/nowhere", "no address"])
async def test_what_is_wrong_with_a_database_is_for_alembic_to_say(url: str) -> None:
    assert not await up_to_date(url, versions_of(AUTH))
