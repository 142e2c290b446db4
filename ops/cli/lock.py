"""lock."""

import os
import subprocess
from pathlib import Path

import typer
from rich.console import Console

from ops.stack.paths import REPOSITORY

console = Console()
# One lock for all Pythons and platforms; hashes instead of addresses, so that it says what and not from where.
_COMPILE = ("pip", "compile", "-q", "--generate-hashes", "--universal", "--python-version", "3.11", "--no-header")
_PACKAGES = ("auth_service", "catalog_service", "order_service")
_UV = REPOSITORY / ".venv" / "bin" / "uv"


def register(app: typer.Typer) -> None:
    app.command()(lock)


def lock() -> None:
    """Make the hashed locks anew from the pyproject files. Versions stay unless a pyproject asks for others."""
    projects = [f"{package}/pyproject.toml" for package in ("libs", *_PACKAGES)]
    _compile("requirements.lock", "pyproject.toml", "--group", "dev", *projects)
    for package in (*_PACKAGES, "ops"):
        _compile(f"{package}/requirements.lock", "libs/pyproject.toml", f"{package}/pyproject.toml")
    _compile("ops/uv.lock.txt", "ops/uv.in")
    _compile("ops/mailbox/requirements.lock", "ops/mailbox/requirements.in")


def _compile(target: str, *sources: str) -> None:
    subprocess.run(  # noqa: S603 - our own uv with names of our own files
        (_UV, *_COMPILE, *sources, "-o", target),
        cwd=REPOSITORY,
        env={**os.environ, "UV_PYTHON_DOWNLOADS": "never"},
        check=True,
    )
    if "://" in Path(REPOSITORY, target).read_text():
        console.print(f"[red]{target} names an address[/red]")
        raise typer.Exit(1)
    console.print(f"[green]✓[/green] {target}")
