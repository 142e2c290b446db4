"""Each database's tables, as its migrations make them."""

import pytest

from libs.testing.fixtures import DatabaseFor
from libs.testing.schema_dump import schema_dump
from tests.reference.conftest import IsCurrent


@pytest.mark.parametrize("service", ["auth", "catalog", "order"])
async def test_schema_dumps_are_current(service: str, database_for: DatabaseFor, is_current: IsCurrent) -> None:
    is_current(f"schema/{service}.sql", await schema_dump(await database_for(f"{service}_service")))
