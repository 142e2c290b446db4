"""bench and profile."""

import os
import subprocess
import sys
from contextlib import ExitStack
from typing import Annotated

import typer
from rich.console import Console

from ops.stack.environment import without_printed
from ops.stack.options import StackOptions
from ops.stack.paths import REPOSITORY
from ops.testing.scratch import StackError, run_folder, scratch_stack

console = Console()
# What is measured stands with the tests, which an operator's tool does not import. Its options are its own.
_PASSED_ON = {"ignore_unknown_options": True, "help_option_names": []}

Arguments = Annotated[list[str] | None, typer.Argument()]


def register(app: typer.Typer) -> None:
    for command in (bench, profile):
        app.command(context_settings=_PASSED_ON)(command)


def bench(arguments: Arguments = None) -> None:
    """Measure the shop against what the machine can do. `./shop bench --help` tells what there is."""
    _run("benchmarks", arguments)


def profile(arguments: Arguments = None) -> None:
    """Draw flame graphs of the shop under the load of a benchmark: `./shop profile product`, or `--help`."""
    _run("benchmarks.profiling", arguments)


def _run(module: str, arguments: list[str] | None) -> None:
    raise typer.Exit(_on_servers((sys.executable, "-m", module, *(arguments or ()))))


def _on_servers(command: tuple[str, ...]) -> int:
    """On those that DATABASE_URL and AMQP_URL name, or else on its own."""
    environment = without_printed(os.environ)
    with ExitStack() as scope:
        if not {"-h", "--help"} & {*command} and not ("DATABASE_URL" in environment and "AMQP_URL" in environment):
            folder = scope.enter_context(run_folder())
            servers = scratch_stack(folder / "servers", StackOptions(apps=False, scratch=True), environment)
            try:
                environment |= scope.enter_context(servers).addresses()
            except StackError as error:
                console.print(f"[red]{error}[/red]")
                return 1
        return subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode  # noqa: S603
