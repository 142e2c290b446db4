"""soak."""

import subprocess
import sys
from typing import Annotated

import typer

from ops.stack.layout import REPOSITORY

# The faults, the load and who judges them stand with the tests, which an operator's tool does not import.
_MODULE = "tests.faults.soak"


def register(app: typer.Typer) -> None:
    app.command()(soak)


def soak(
    minutes: Annotated[float, typer.Option(help="For how long; what was begun then is ended.", min=0)] = 30,
    seed: Annotated[int | None, typer.Option(help="Of the dice. The same one throws the same faults.")] = None,
) -> None:
    """Throw faults at random at a shop of its own under load, and count what was lost.

    It prints the seed, each fault, and after some of them four numbers: writes acknowledged, lost, duplicated and
    unexpected. Exit codes: 0 the last three are 0 and owners and replicas agree; 1 they are or do not.
    """
    chosen = () if seed is None else ("--seed", str(seed))
    command = (sys.executable, "-m", _MODULE, "--minutes", str(minutes), *chosen)
    done = subprocess.run(command, cwd=REPOSITORY, check=False)  # noqa: S603 - whoever runs this may run anything
    raise typer.Exit(done.returncode)
