"""reference."""

import os
import subprocess
import sys

import typer

from ops.stack.paths import REPOSITORY


def register(app: typer.Typer) -> None:
    app.command()(reference)


def reference() -> None:
    """Renew docs/reference: OpenAPI and AsyncAPI documents, and database schemas."""
    done = subprocess.run(
        (sys.executable, "-m", "ops", "test", "tests/reference"),
        cwd=REPOSITORY,
        env={**os.environ, "SHOP_RENEW_REFERENCE": "1"},
        check=False,
    )
    raise typer.Exit(done.returncode)
