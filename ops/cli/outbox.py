"""outbox."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops.admin.addresses import find_addresses
from ops.admin.formatting import duration, printable
from ops.cli.output import AsJson, Exit, as_json, run

console = Console()


def register(app: typer.Typer) -> None:
    app.command()(outbox)


def outbox(
    *,
    limit: Annotated[
        int, typer.Option(min=0, help="How many events that were deferred are shown of each service.")
    ] = 20,
    json: AsJson = False,
) -> None:
    """Events that wait to be sent: how many, for how long, and which of them RabbitMQ did not take.

    Exit codes: 0 all is on its way; 1 an event was deferred, or has waited for more than a minute; 2 wrong usage;
    3 a database cannot be reached.
    """
    # Loading a client of PostgreSQL takes longer than most of the other commands take altogether.
    from ops.admin.outbox import outboxes  # noqa: PLC0415

    found = run(outboxes(find_addresses(), limit))
    if json:
        as_json([asdict(each) for each in found])
    else:
        table = Table("service", "waiting", "for", "deferred", title="Outboxes", title_justify="left")
        # One column: an id has to be copied, and must not be folded for the sake of others.
        stuck = Table(title="Put off", title_justify="left", show_header=False, show_lines=True)
        for each in found:
            style = "yellow" if each.needs_attention else None
            table.add_row(
                each.service, str(each.pending), duration(each.oldest_seconds), str(each.deferred), style=style
            )
            for row in each.rows:
                event = f"{row.event_id}\n{row.type} v{row.version}\n{row.subject}"
                fate = f"to {row.to}, {row.attempts} times, again {row.next_attempt_at:%Y-%m-%d %H:%M:%S}"
                stuck.add_row(Text(f"{event}\n{fate}\n{printable(row.last_error or '')}"))
        console.print(table)
        if stuck.row_count:
            console.print(stuck)
    raise typer.Exit(Exit.ATTENTION if any(each.needs_attention for each in found) else Exit.GOOD)
