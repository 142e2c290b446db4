"""queues."""

from dataclasses import asdict

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops.admin.addresses import find_addresses
from ops.cli.output import AsJson, Exit, as_json, run

console = Console()


def register(app: typer.Typer) -> None:
    app.command()(queues)


def queues(*, json: AsJson = False) -> None:
    """Every queue: what waits, who reads, how fast, what is tried again and what is parked.

    The numbers are RabbitMQ's own statistics, some seconds old.

    Exit codes: 0 each queue of the shop has a reader and nothing parked; 1 one has not; 2 wrong usage;
    3 RabbitMQ's management API cannot be reached.
    """
    # Loading an HTTP client takes longer than most of the other commands take altogether.
    from ops.admin import queues as admin_queues  # noqa: PLC0415

    found = run(admin_queues.queues(find_addresses()))
    if json:
        as_json([asdict(each) for each in found])
    else:
        table = Table("queue", title="Queues", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for heading in ("ready", "unacked", "readers", "in/s", "out/s", "retry", "parked"):
            table.add_column(heading, justify="right", no_wrap=True)
        for each in found:
            waiting = (
                str(each.ready),
                str(each.unacked),
                " ".join(["⚠"] * bool(each.warnings) + [str(each.consumers)]),
            )
            rates = (f"{each.in_per_second:.1f}", f"{each.out_per_second:.1f}")
            kept = (str(each.retrying), str(each.parked))
            style = "yellow" if each.warnings or each.parked else None
            table.add_row(Text(each.name), *waiting, *rates, *kept, style=style)
        console.print(table)
        for each in found:
            for warning in each.warnings:
                console.print(f"⚠ {each.name}: {warning}", style="yellow")
    raise typer.Exit(Exit.ATTENTION if any(each.warnings or each.parked for each in found) else Exit.GOOD)
