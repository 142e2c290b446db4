"""test."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from ops.cli.check import run_checks
from ops.stack.environment import without_printed
from ops.stack.options import StackOptions
from ops.stack.paths import REPOSITORY
from ops.stack.services import SERVICES
from ops.testing.scratch import ScratchStack, StackError, run_folder, scratch_stack
from ops.testing.selection import BLACK_BOX, FAULTS, Selection, select
from ops.testing.totals import Totals

console = Console()
# Tests wait for servers more than they compute: four workers were the fastest on two cores.
_PARALLEL = ("-n", "4", "--dist", "loadgroup")


def register(app: typer.Typer) -> None:
    app.command("test", context_settings={"ignore_unknown_options": True})(run_tests)


def run_tests(
    paths: Annotated[list[str] | None, typer.Argument(help="Some tests only; options go on to pytest.")] = None,
    *,
    full: Annotated[
        bool, typer.Option("--full", help="Also what takes long and is checked in another way, too.")
    ] = False,
) -> None:
    """Check and test everything, on servers of its own; or test PATHS alone."""
    signal.signal(signal.SIGTERM, _leave)
    totals = Totals()
    try:
        with ExitStack() as scope:
            chosen = select(paths or [])
            if chosen.everything and not full:
                chosen.options = ["-m", "not full"]
            _run(chosen, totals, scope)
    except StackError as error:
        console.print(f"[red]{error}[/red]", markup=True)
        totals.failed += 1
    print(f"shop: {totals}", flush=True)  # noqa: T201
    raise typer.Exit(totals.exit_code)


def _run(chosen: Selection, totals: Totals, scope: ExitStack) -> None:
    folder = scope.enter_context(run_folder())
    environment = without_printed(os.environ)
    # Both come up while the checks run.
    servers = shop = None
    shop_scope = scope.enter_context(ExitStack())
    if (chosen.white_box or chosen.faults) and not ("DATABASE_URL" in environment and "AMQP_URL" in environment):
        servers = scope.enter_context(
            scratch_stack(folder / "servers", StackOptions(apps=False, scratch=True), environment)
        )
    if chosen.black_box and "AUTH_URL" not in environment:
        shop = shop_scope.enter_context(
            scratch_stack(folder / "shop", StackOptions(scratch=True), _for_black_box(environment))
        )
    if chosen.everything:
        totals.failed += len(run_checks())
    if chosen.white_box:
        options = [*chosen.options, f"--ignore={BLACK_BOX}", f"--ignore={FAULTS}"]
        _pytest("tests", chosen.white_box, options, _with(servers, environment), folder, totals)
    if chosen.black_box:
        _pytest("black-box tests", chosen.black_box, chosen.options, _with(shop, environment), folder, totals)
    shop_scope.close()  # It would take from the faults' time.
    if chosen.faults:
        _pytest("faults", chosen.faults, chosen.options, _with(servers, environment), folder, totals)


def _pytest(
    title: str, paths: list[str], options: list[str], environment: Mapping[str, str], folder: Path, totals: Totals
) -> None:
    console.rule(title)
    report = folder / f"{title}.xml"
    done = subprocess.run(  # noqa: S603 - whoever runs this may run anything
        (sys.executable, "-m", "pytest", *_PARALLEL, f"--junitxml={report}", *options, *paths),
        cwd=REPOSITORY,
        env=environment,
        check=False,
    )
    totals.add_run(done.returncode, report)


def _with(stack: ScratchStack | None, environment: Mapping[str, str]) -> dict[str, str]:
    return {**environment, **(stack.addresses() if stack else {})}


def _for_black_box(environment: Mapping[str, str]) -> dict[str, str]:
    """A shop under test never works on the data, nor on the queues, of one that is in use.

    Its passwords are hashed at the least cost: hundreds of users register, and unit tests see to the real one.
    """
    named = {"AMQP_URL", "RABBITMQ_UI_URL", *(service.database_variable for service in SERVICES)}
    return {name: value for name, value in environment.items() if name not in named} | {"BCRYPT_COST": "4"}


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)  # An exit that still ends everything that was started.
