"""up, down, status, logs, env."""

import json
import os
import shlex
from typing import Annotated

import typer
from rich.console import Console

from ops.cli import log_view, stack_view, startup_view
from ops.stack.control import Launch, follow, launch, take_down
from ops.stack.environment import printable
from ops.stack.options import StackOptions
from ops.stack.paths import CLONE
from ops.stack.state import Phase, current
from ops.stack.wipe import wipe

console = Console()


def register(app: typer.Typer) -> None:
    for command in (up, down, status, logs, env):
        app.command()(command)


def up(
    *,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return when it is ready and leave it running.")
    ] = False,
    observe: Annotated[bool, typer.Option(help="Start Prometheus beside it.")] = False,
) -> None:
    """Start the shop: PostgreSQL, RabbitMQ, three APIs and three workers, and a page with all mail."""
    if current(CLONE).supervised:
        console.print("The shop is already up.")
        stack_view.finish(console, CLONE, startup_view.show(console, follow(CLONE)))
        return
    started = launch(CLONE, StackOptions(observe=observe), attached=not detach)
    try:
        stack_view.finish(console, CLONE, startup_view.show(console, started.follow()))
        if not detach:
            _stay(started)
    except KeyboardInterrupt:
        console.print("Stopping everything …")
        started.stop()
        console.print("Stopped.")


def down(
    *,
    data_too: Annotated[bool, typer.Option("--wipe", help="Also delete its data, logs and secrets.")] = False,
) -> None:
    """Stop the shop, and whatever a killed one left behind."""
    console.print("Stopped." if take_down(CLONE) else "The shop is not up.")
    if data_too:
        wipe(CLONE)
        console.print("Data, logs and secrets are deleted.")


def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Name, pid, port, state and restarts of every process."""
    state = current(CLONE)
    if as_json:
        keys = ("name", "pid", "port", "state", "restarts")
        processes = [{key: getattr(entry, key) for key in keys} for entry in state.processes]
        print(json.dumps({"phase": state.phase, "processes": processes}, indent=2))  # noqa: T201
    else:
        console.print(stack_view.processes(state))
    raise typer.Exit(int(state.phase is not Phase.READY))


def logs(
    name: Annotated[str | None, typer.Argument(help="A process, as `status` names it. All, if none is given.")] = None,
    *,
    follow_on: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
) -> None:
    """What the processes have printed."""
    log_view.show(CLONE, name, follow=follow_on)


def env() -> None:
    """Addresses and logins as shell lines: eval "$(./shop env)"."""
    state = current(CLONE)
    if not state.supervised:
        Console(stderr=True).print("The shop is not up: ./shop up")
        raise typer.Exit(1)
    for variable, value in printable(state.addresses, os.environ).items():
        print(f"export {variable}={shlex.quote(value)}")  # noqa: T201


def _stay(started: Launch) -> None:
    console.print("[dim]Ctrl-C stops everything. In another terminal: ./shop status, logs, env, seed[/dim]")
    started.process.wait()
    if current(CLONE).phase is Phase.DOWN and started.process.returncode == 0:
        console.print("Stopped.")
        return
    console.print("The supervisor was ended; what it had started has ended with it.", style="red")
    raise typer.Exit(1)
