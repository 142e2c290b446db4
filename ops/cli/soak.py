"""soak."""

import signal
import subprocess
import sys
from typing import Annotated

import typer

from ops.stack.paths import REPOSITORY

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
    unexpected; and seed and numbers once more at the end, whatever ends it. Where something was found, the logs of all
    processes stay. Exit codes: 0 the last three are 0 and owners and replicas agree; 1 they are or do not; 130 someone
    wanted no more of it.
    """
    chosen = () if seed is None else ("--seed", str(seed))
    command = (sys.executable, "-m", _MODULE, "--minutes", str(minutes), *chosen)
    with subprocess.Popen(command, cwd=REPOSITORY) as soaking:  # noqa: S603 - whoever runs this may run anything
        # It has servers to end and numbers to tell. A terminal's Ctrl-C reaches it as well.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: soaking.terminate())
        code = soaking.wait()
    raise typer.Exit(code)
