"""Rules of the house that no linter knows. The layers themselves are held by import-linter, in `./shop check`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("auth_service", "catalog_service", "order_service")
ANATOMY = (
    "main.py",
    "worker.py",
    "api",
    "services",
    "domain",
    "repositories",
    "models",
    "schemas",
    "core",
    "exceptions",
)
COMMIT_STANDS_IN = {"libs/database/database.py"}
COMMIT = re.compile(r"""\.commit\(|execute\(["']COMMIT""")
# The statement that stores events: who runs it with others in a transaction, and who makes it one with their rows.
STORE_STANDS_IN = {"libs/outbox/store.py", "libs/outbox/single_statement.py"}
SECRET = r"password|secret|private_key|api_key|token|credential|database_url|amqp_url"
LONGEST_MODULE = 210
"""An upper bound, for what cannot be told in parts. About 150 lines are what is wanted."""


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "tests" not in path.relative_to(ROOT / folder).parts and "versions" not in path.parts:
                yield path


def test_only_one_module_commits_transactions() -> None:
    committing = {str(path.relative_to(ROOT)) for path in sources("libs", *SERVICES) if COMMIT.search(path.read_text())}
    assert committing == COMMIT_STANDS_IN


def test_only_one_module_commits_rows_and_their_event_by_a_statement() -> None:
    storing = {
        str(path.relative_to(ROOT)) for path in sources("libs", *SERVICES) if re.search(r"\bSTORE\b", path.read_text())
    }
    assert storing == STORE_STANDS_IN


def test_a_module_can_be_read_at_once() -> None:
    folders = ("libs", "ops", *SERVICES, "benchmarks", "tests/guards")
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources(*folders)
        if not path.name.startswith("test_") and (lines := len(path.read_text().splitlines())) > LONGEST_MODULE
    }
    assert long == {}


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_anatomy(service: str) -> None:
    missing = [part for part in ANATOMY if not (ROOT / service / part).exists()]
    assert missing == []


@pytest.mark.parametrize("service", SERVICES)
def test_settings_are_made_only_by_the_composition_roots(service: str) -> None:
    makers = {
        str(path.relative_to(ROOT / service))
        for path in sources(service)
        if re.search(r"\b(Worker)?Settings\(\)", path.read_text())
    }
    assert makers <= {"main.py", "worker.py"}
    assert makers


def test_no_secret_has_a_default() -> None:
    """A settings field whose name speaks of a secret has no value in code."""
    guilty = [
        f"{path.relative_to(ROOT)}: {field.target.id}"
        for path in sources("libs", *SERVICES)
        for klass in ast.walk(ast.parse(path.read_text()))
        if isinstance(klass, ast.ClassDef) and klass.name.endswith("Settings")
        for field in klass.body
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and re.search(SECRET, field.target.id)
        and not field.target.id.endswith(("_cost", "_size"))
        and field.value is not None
        and not _has_no_value(field.value)
    ]
    assert guilty == []


def _has_no_value(value: ast.expr) -> bool:
    """It is required, or there need be none."""
    if isinstance(value, ast.Constant):
        return value.value is None
    if not isinstance(value, ast.Call) or value.args:
        return False
    return all(_has_no_value(key.value) for key in value.keywords if key.arg == "default")


def test_lock_files_name_no_address() -> None:
    tools = [ROOT / "ops" / name for name in ("requirements.lock", "mailbox/requirements.lock", "uv.lock.txt")]
    locks = [*ROOT.glob("*.lock"), *ROOT.glob("*_service/*.lock"), *tools]
    assert len(locks) == 1 + len(SERVICES) + len(tools)
    assert [str(lock.relative_to(ROOT)) for lock in locks if "://" in lock.read_text()] == []


def test_limits_are_none_of_the_shop() -> None:
    """They know the names of its queues. The one of reading with a token is the shop itself, but for the token."""
    imported = {
        f"{path.name}: {found}"
        for path in sources("benchmarks/limits")
        for found in re.findall(r"^from (\S+)", path.read_text(), re.MULTILINE)
        if found.startswith(("libs.", "ops.", *SERVICES)) and path.name != "tokens.py"
    }
    assert {each.split(": ")[1] for each in imported} <= {"libs.contracts.topology"}, imported
