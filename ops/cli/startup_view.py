"""How far a stack that comes up is: a live display on a terminal, a line a change elsewhere."""

import time
from collections.abc import Iterable

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table

from ops.stack.state import Condition, Entry, Phase, State

_SIGNS = {
    Condition.READY: "[green]✓[/green]",
    Condition.DONE: "[green]✓[/green]",
    Condition.FAILED: "[red]✗[/red]",
    Condition.RESTARTING: "[yellow]↻[/yellow]",
    Condition.STOPPED: "[dim]·[/dim]",
}


def show(console: Console, states: Iterable[State]) -> State:
    """Returns the last one."""
    began = time.monotonic()
    state = State(Phase.STARTING)
    if console.is_terminal:
        with Live(console=console, refresh_per_second=10, transient=True) as live:
            for state in states:
                live.update(_table(state, time.monotonic() - began))
        return state
    told: dict[str, Condition] = {}
    for state in states:
        for entry in (*state.steps, *state.processes):
            if told.get(entry.name) != entry.state:
                told[entry.name] = entry.state
                console.print(f"{time.monotonic() - began:5.1f} s  {entry.name}: {entry.state}")
    return state


def _table(state: State, seconds: float) -> Table:
    table = Table.grid(padding=(0, 2))
    for entry in (*state.steps, *state.processes):
        table.add_row(_sign(entry), entry.name, f"[dim]{entry.state}[/dim]")
    table.add_row(Spinner("dots"), f"{seconds:.0f} s")
    return table


def _sign(entry: Entry) -> str | Spinner:
    return _SIGNS.get(entry.state) or Spinner("dots")
