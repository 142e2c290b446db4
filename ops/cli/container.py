"""The part of `./shop` that needs nothing but the shop's servers. The image runs it: `python -m ops.cli.container`."""

import typer

from ops.cli import outbox, parked, queues, trace, verify

GROUPS = (parked, outbox, queues, trace, verify)

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Looks after it.")
for group in GROUPS:
    group.register(app)

if __name__ == "__main__":
    app(prog_name="shop")
