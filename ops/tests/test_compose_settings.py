import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ops.cli import trace
from ops.cli.container import app
from ops.stack.paths import REPOSITORY

COMPOSE = REPOSITORY / "docker-compose.yml"


def test_the_example_names_every_setting_of_compose_and_no_other() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE.read_text()))
    named = set(re.findall(r"^([A-Z_]+)=", (REPOSITORY / ".env.example").read_text(), re.MULTILINE))
    assert named == asked


def test_ops_reads_the_logs_of_all_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """And may not write to them. A program that is asked for folders takes them as compose gives them."""
    services = dict(re.findall(r"^  ([a-z-]+):\n((?:    .*\n|\n)+)", COMPOSE.read_text(), re.MULTILINE))
    written = {
        volume
        for name, text in services.items()
        if name != "ops"
        for volume in re.findall(r"(\w+):/var/log/shop\b", text)
    }
    mounted = dict(re.findall(r"- (\w+):(/var/log/shop/\w+):ro$", services["ops"], re.MULTILINE))
    assert mounted.keys() == written == {"auth_logs", "catalog_logs", "order_logs"}
    asked: list[Path] = []

    async def tell(_wanted: str, folders: list[Path]) -> list[Any]:
        asked.extend(folders)
        return []

    monkeypatch.setattr(trace, "_tell", tell)
    folders = re.search(r"SHOP_LOGS: (\S+)", services["ops"])
    assert folders is not None
    result = CliRunner().invoke(app, ["trace", "some-id"], env={"SHOP_LOGS": folders[1]})
    assert result.exit_code == 0, result.output
    assert [str(folder) for folder in asked] == list(mounted.values())
