"""bench."""

import os
import subprocess
import sys
from contextlib import ExitStack
from typing import Annotated

import typer
from rich.console import Console

from ops.stack.given import given
from ops.stack.kind import Kind
from ops.stack.layout import REPOSITORY
from ops.testing.scratch import StackError, run_folder, scratch_stack

console = Console()
# What is measured stands with the tests, which an operator's tool does not import.
_MODULE = "tests.bench"


def register(app: typer.Typer) -> None:
    app.command("bench", context_settings={"ignore_unknown_options": True, "help_option_names": []})(bench)


def bench(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME…] [--quick] [--rounds N] [--json FILE]")
    ] = None,
) -> None:
    """Measure the shop against what the machine can do. `./shop bench --help` tells what there is."""
    raise typer.Exit(_on_servers((sys.executable, "-m", _MODULE, *(arguments or ()))))


def _on_servers(command: tuple[str, ...]) -> int:
    """On those that DATABASE_URL and AMQP_URL name, or else on its own."""
    environment = given(os.environ)
    with ExitStack() as scope:
        if not {"-h", "--help"} & {*command} and not ("DATABASE_URL" in environment and "AMQP_URL" in environment):
            folder = scope.enter_context(run_folder())
            servers = scratch_stack(folder / "servers", Kind(apps=False, scratch=True), environment)
            try:
                environment |= scope.enter_context(servers).addresses()
            except StackError as error:
                console.print(f"[red]{error}[/red]")
                return 1
        return subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode  # noqa: S603
