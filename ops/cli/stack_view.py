"""Shows a stack to a person."""

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ops.stack.logs import tail
from ops.stack.paths import StackPaths
from ops.stack.services import SERVICES
from ops.stack.state import Phase, State

_COLOURS = {"ready": "green", "failed": "red", "restarting": "yellow", "starting": "yellow", "stopped": "dim"}


def finish(console: Console, layout: StackPaths, state: State) -> None:
    """The table of a stack that came up, or why it did not, with exit code 1."""
    if state.phase is Phase.READY:
        console.print(addresses(state))
        return
    console.print(f"[red]The shop did not come up:[/red] {escape(state.error or 'it was stopped meanwhile')}")
    if state.guilty:
        console.print(f"[dim]The end of {escape(str(layout.log(state.guilty)))}:[/dim]")
        console.print(Text(tail(layout, state.guilty)), soft_wrap=True)
    raise typer.Exit(1)


def addresses(state: State) -> Table:
    known = state.addresses
    table = Table(title="The shop is up", title_style="bold green", show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for service in SERVICES:
        url = known[service.url_variable]
        table.add_row(f"{service.name} API", f"{url}/api/v1")
        table.add_row("  its documentation", f"{url}/docs")
    if known["RABBITMQ_UI_URL"]:
        table.add_row("RabbitMQ", known["RABBITMQ_UI_URL"])
        user, _, password = known["AMQP_URL"].partition("://")[2].partition("@")[0].partition(":")
        table.add_row("  its login", Text(f"{user} / {password}"))
    table.add_row("all mail", known["MAIL_URL"])
    if "PROMETHEUS_URL" in known:
        table.add_row("Prometheus", known["PROMETHEUS_URL"])
    table.add_row("admin login", Text(f"{known['ADMIN_EMAIL']} / {known['ADMIN_PASSWORD']}"))
    for note in state.notes:
        table.add_row("[yellow]note[/yellow]", Text(note))
    return table


def processes(state: State) -> Table:
    table = Table("name", "pid", "port", "state", "restarts", title=f"The shop is {state.phase}")
    for entry in state.processes:
        colour = _COLOURS.get(entry.state, "default")
        pid = "" if entry.pid is None else str(entry.pid)
        table.add_row(entry.name, pid, str(entry.port), f"[{colour}]{entry.state}[/]", str(entry.restarts))
    return table
