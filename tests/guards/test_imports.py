"""What a process keeps in memory for as long as it lives, it has imported."""

import subprocess
import sys

import pytest

from libs.testing.databases import ROOT

# Statements run on asyncpg itself; the engine is for migrations and tests, and takes seven megabytes.
UNWANTED = ("sqlalchemy.ext.asyncio", "sqlalchemy.orm", "alembic")
IMPORTED = "import sys, {module}; print(*(name for name in {unwanted} if name in sys.modules))"


@pytest.mark.parametrize("service", ["auth_service", "catalog_service", "order_service"])
@pytest.mark.parametrize("process", ["main", "worker"])
def test_no_process_imports_what_it_does_not_use(service: str, process: str) -> None:
    code = IMPORTED.format(module=f"{service}.{process}", unwanted=UNWANTED)
    done = subprocess.run((sys.executable, "-c", code), cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert done.stdout.split() == []
