"""Whether a database has all migrations already. Asking takes milliseconds; alembic needs seconds to do nothing."""

import ast
from pathlib import Path

import asyncpg

from libs.database.urls import for_asyncpg


async def up_to_date(url: str, versions: Path) -> bool:
    """False where it cannot be told: alembic then does what is to be done, or says what is wrong."""
    try:
        connection = await asyncpg.connect(for_asyncpg(url), timeout=5)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    try:
        rows = await connection.fetch("SELECT version_num FROM alembic_version")
    except asyncpg.PostgresError:
        return False
    finally:
        await connection.close()
    return {row["version_num"] for row in rows} == _heads(versions)


def _heads(versions: Path) -> set[object]:
    """The revisions that no other one comes after."""
    scripts = [_constants(script) for script in versions.glob("*.py")]
    return {script.get("revision") for script in scripts} - {script.get("down_revision") for script in scripts}


def _constants(script: Path) -> dict[str, object]:
    # Read and not imported, which would load alembic and SQLAlchemy.
    return {
        target.id: statement.value.value
        for statement in ast.parse(script.read_text()).body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
