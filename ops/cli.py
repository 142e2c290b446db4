"""The `./shop` command line. One module a command group under `ops.commands`."""

import typer

from ops import tools
from ops.commands import benching, locks, quality, seeding, soaking, stack, testing

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An event-driven online shop: runs it, tests it, looks after it.",
)
for group in (stack, seeding, testing, soaking, benching, quality, locks, *tools.GROUPS):
    group.register(app)
