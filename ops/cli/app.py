"""The `./shop` command line. One module a command group under `ops.cli`."""

import typer

from ops.cli import bench, check, container, lock, reference, seed, soak, stack, test

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An event-driven online shop: runs it, tests it, looks after it.",
)
for group in (stack, seed, test, soak, bench, check, lock, reference, *container.GROUPS):
    group.register(app)
