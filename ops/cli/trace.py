"""trace."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from ops.admin.addresses import find_addresses
from ops.admin.formatting import printable
from ops.cli.output import AsJson, as_json, run
from ops.stack.paths import CLONE

if TYPE_CHECKING:
    from ops.trace.timeline_entry import Timeline, TimelineEntry

console = Console()


def register(app: typer.Typer) -> None:
    app.command()(trace)


def trace(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="Of an order, a request (X-Request-ID), or an event.")],
    *,
    logs: Annotated[
        list[Path] | None,
        typer.Option(envvar="SHOP_LOGS", help="Folders with the processes' logs; by default this clone's."),
    ] = None,
    json: AsJson = False,
) -> None:
    """The whole story of one order or one request: HTTP, events and who handled them, money, stock and mails.

    Exit codes: 0 here it is; 2 wrong usage; 3 nothing is known of it, or a database cannot be reached.
    """
    story = run(_tell(wanted, logs or [CLONE.logs]))
    if json:
        as_json([chapter.as_json() for chapter in story])
    else:
        for chapter in story:
            tree = Tree(Text(f"request {printable(chapter.request_id)}", style="bold"), guide_style="dim")
            _grow(tree, chapter.entries)
            console.print(tree)


async def _tell(wanted: str, folders: list[Path]) -> "Timeline":
    from ops.trace.timeline import render  # noqa: PLC0415 - a client of PostgreSQL takes long to load
    from ops.verify.databases import opened  # noqa: PLC0415

    async with opened(find_addresses()) as databases:
        return await render(databases, wanted, folders)


def _grow(tree: Tree, moments: "list[TimelineEntry]") -> None:
    for moment in moments:
        line = Text(f"{moment.at:%H:%M:%S.%f}"[:-3], style="dim", overflow="fold")
        line.append(f"  {moment.where:15}", style="cyan not dim")
        line.append(printable(moment.what), style="red not dim" if moment.is_problem else "not dim")
        _grow(tree.add(line), moment.followed_by)
