"""parked list, show, redrive, drop, log."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from libs.contracts.topology import QUEUES, Queue
from ops.admin.addresses import find_addresses
from ops.admin.operator_identity import OperatorIdentity
from ops.cli import parked_view as report
from ops.cli.output import AsJson, Exit, Operator, as_json, print_error, run

if TYPE_CHECKING:
    from ops.admin.parked_actions import Outcome

console = Console()
group = typer.Typer(
    no_args_is_help=True,
    help="Messages that could not be handled: list, redrive or drop them.\n\n"
    "Exit codes: 0 nothing is parked, or all is done; 1 messages are parked (list), or one that was named is not;"
    " 2 wrong usage; 3 a server cannot be reached, someone else has the queue in hand, or not all could be done.",
)

OfQueue = Annotated[str | None, typer.Option("--queue", metavar="QUEUE", help="Of this queue alone.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why. It is recorded.")]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="parked")


@group.command("list")
def list_(
    queue: Annotated[str | None, typer.Argument(metavar="[QUEUE]", help="All queues, if none is given.")] = None,
    *,
    limit: Annotated[int, typer.Option(min=0, help="How many of each queue the tables show.")] = 50,
    json: AsJson = False,
) -> None:
    """What is parked and why, oldest first. Nothing is taken or moved."""
    # Loading a client of RabbitMQ takes longer than most of the other commands take altogether.
    from ops.admin.parked_actions import list_  # noqa: PLC0415

    found = run(list_(find_addresses(), _queues(queue), lambda _: True))
    if json:
        as_json([parked.summary() for parked in found])
    else:
        report.show_list(console, found, limit)
    raise typer.Exit(Exit.ATTENTION if found else Exit.GOOD)


@group.command()
def show(
    message: Annotated[str, typer.Argument(metavar="ID", help="As `parked list` shows it.")],
    *,
    queue: OfQueue = None,
    json: AsJson = False,
) -> None:
    """All that is known of a parked message, in each queue where it is parked."""
    from ops.admin.parked_actions import list_  # noqa: PLC0415

    found = run(list_(find_addresses(), _queues(queue), lambda parked: parked.id == message))
    if json:
        as_json([parked.whole() for parked in found])
    else:
        for parked in found:
            report.show_whole(console, parked)
    _tell_missing([message], {parked.id for parked in found})


@group.command()
def redrive(
    messages: Annotated[list[str] | None, typer.Argument(metavar="ID", help="As `parked list` shows them.")] = None,
    *,
    reason: Reason,
    queue: OfQueue = None,
    everything: Annotated[bool, typer.Option("--all", help="All that is parked of --queue.")] = False,
    operator: Operator,
    json: AsJson = False,
) -> None:
    """Put messages back into the queue that they come from, and no other, to be handled once more.

    One that fails again is retried from the first delay on, and parked again.
    """
    if bool(messages) == everything or (everything and queue is None):
        raise typer.BadParameter("name messages, or --queue QUEUE --all")
    from ops.admin import parked_actions  # noqa: PLC0415

    wanted = set(messages or ())
    account = _account(operator, reason)
    outcome = run(
        parked_actions.redrive(
            find_addresses(), account, _queues(queue), lambda parked: everything or parked.id in wanted
        )
    )
    _tell(outcome, "redriven", messages or [], json=json)


@group.command()
def drop(
    messages: Annotated[list[str], typer.Argument(metavar="ID", help="As `parked list` shows them.")],
    *,
    reason: Reason,
    queue: OfQueue = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    operator: Operator,
    json: AsJson = False,
) -> None:
    """Throw messages away for good. That it was done is recorded, what was in them is not."""
    from ops.admin import parked_actions  # noqa: PLC0415

    wanted = set(messages)
    account = _account(operator, reason)
    if not yes:
        # Nothing is in hand while a person thinks.
        found = run(parked_actions.list_(find_addresses(), _queues(queue), lambda parked: parked.id in wanted))
        report.show_list(Console(stderr=True), found, len(found))
        if found and not typer.confirm(f"Drop {len(found)} for good?", err=True):
            raise typer.Exit(Exit.ATTENTION)
    outcome = run(parked_actions.drop(find_addresses(), account, _queues(queue), lambda parked: parked.id in wanted))
    _tell(outcome, "dropped", messages, json=json)


@group.command()
def log(
    *,
    queue: OfQueue = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    json: AsJson = False,
) -> None:
    """Who did what to which message, and why."""
    from ops.admin.action_log import history  # noqa: PLC0415

    rows = run(history(find_addresses(), _queues(queue), limit))
    if json:
        as_json(rows)
    else:
        console.print(report.history(rows))


def _queues(name: str | None) -> list[Queue]:
    chosen: list[Queue] = [queue for queue in QUEUES if name in {None, queue.name, queue.parked}]
    if not chosen:
        raise typer.BadParameter(f"there is no queue {name}. There are: {', '.join(queue.name for queue in QUEUES)}")
    return chosen


def _account(operator: str, reason: str) -> OperatorIdentity:
    try:
        return OperatorIdentity.of(operator, reason)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _tell(outcome: "Outcome", what: str, named: list[str], *, json: bool) -> None:
    if json:
        done = [{"queue": parked.queue, "id": parked.id} for parked in outcome.done]
        as_json({what: done, "failed": outcome.failures})
    else:
        report.show_done(console, outcome.done, what)
    if outcome.failures:
        print_error("Still parked:", *outcome.failures)
        raise typer.Exit(Exit.TROUBLE)
    _tell_missing(named, {parked.id for parked in outcome.done})


def _tell_missing(named: list[str], found: set[str]) -> None:
    if missing := [each for each in named if each not in found]:
        print_error(*(f"{each} is not parked" for each in missing))
        raise typer.Exit(Exit.ATTENTION)
