"""verify, and replicas rebuild."""

import asyncio
import getpass
import json
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress

from ops.oversight.addresses import find_addresses
from ops.oversight.trouble import Trouble

if TYPE_CHECKING:
    from ops.verify.verifying import Compared, Report

T = TypeVar("T")
console = Console()
replicas = typer.Typer(no_args_is_help=True, help="What services keep of what others own.")

AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Operator = Annotated[str, typer.Option("--as", help="Who does this, for the record.", default_factory=getpass.getuser)]


def register(app: typer.Typer) -> None:
    app.command()(verify)
    app.add_typer(replicas, name="replicas")


def verify(
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Have owners tell again of the rows that differ.")] = False,
    patience: Annotated[float, typer.Option(help="Seconds that news may take from one to the next.", min=0)] = 3.0,
    as_json: AsJson = False,
    operator: Operator,
) -> None:
    """Compare every replica with its owner, and the books of stock, orders and money with each other.

    The shop may stay open. Ends with 0 if all is right or was repaired, 1 if something is wrong, 2 if it cannot look.
    """
    report = _run(_verify(repair=repair, operator=operator, patience=patience))
    if as_json:
        print(json.dumps(report.as_json(), indent=2))  # noqa: T201
    else:
        from ops.verify.tables import tables  # noqa: PLC0415 - with what loads it

        for table in tables(report):
            console.print(table)
    raise typer.Exit(int(not report.is_clean))


@replicas.command()
def rebuild(
    name: Annotated[str, typer.Argument(help="The queue that feeds it, such as order.products.")],
    *,
    as_json: AsJson = False,
    operator: Operator,
) -> None:
    """Have the owner tell all it has again, to this replica alone, until both agree. The shop may stay open.

    The worker that keeps the replica is not ready meanwhile. Ends with 0 if they agree, else with 1; 2 if it cannot.
    """
    result = _run(_rebuild(name, operator=operator, quiet=as_json))
    if as_json:
        print(json.dumps(result.as_json(), indent=2))  # noqa: T201
    elif result.left:
        console.print(f"{name}: {len(result.left)} of {result.rows} rows still differ: ./shop verify", style="red")
    else:
        console.print(f"{name}: {result.rows} rows, and all of them are as their owner says.", style="green")
    raise typer.Exit(int(bool(result.left)))


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except Trouble as trouble:
        Console(stderr=True).print(str(trouble), style="red", markup=False)
        raise typer.Exit(2) from None


# Every other command would wait for loading a database's client.
async def _verify(*, repair: bool, operator: str, patience: float) -> "Report":
    from ops.verify import verifying  # noqa: PLC0415
    from ops.verify.databases import opened  # noqa: PLC0415

    async with opened(find_addresses()) as databases:
        return await verifying.verify(databases, repairs=repair, operator=operator, patience=patience)


async def _rebuild(name: str, *, operator: str, quiet: bool) -> "Compared":
    from ops.verify import rebuilding  # noqa: PLC0415
    from ops.verify.databases import opened  # noqa: PLC0415

    async with opened(find_addresses()) as databases:
        with Progress(console=console, disable=quiet) as progress:
            task = progress.add_task("telling again", total=None)
            return await rebuilding.rebuild(
                databases,
                name,
                operator=operator,
                progress=lambda told, of: progress.update(task, completed=told, total=of),
            )
