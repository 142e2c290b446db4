"""verify, and replicas rebuild."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import Progress

from ops.admin.addresses import find_addresses
from ops.cli.output import AsJson, Exit, Operator, as_json, run

if TYPE_CHECKING:
    from ops.verify.erasure_check import Erased
    from ops.verify.verification import ReplicaResult, Report

console = Console()
replicas = typer.Typer(no_args_is_help=True, help="What services keep of what others own.")


def register(app: typer.Typer) -> None:
    app.command()(verify)
    app.add_typer(replicas, name="replicas")


def verify(
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Have owners tell again of the rows that differ.")] = False,
    patience: Annotated[float, typer.Option(help="Seconds that news may take from one to the next.", min=0)] = 3.0,
    user: Annotated[
        UUID | None, typer.Option(metavar="ID", help="Look instead for what still names this user, who was deleted.")
    ] = None,
    operator: Operator,
    json: AsJson = False,
) -> None:
    """Compare every replica with its owner, and the books of stock, orders and money with each other.

    The shop may stay open. Exit codes: 0 all is right, or was repaired; 1 something is wrong; 2 wrong usage; 3 a
    database cannot be reached, or no worker does what it is asked for.
    """
    if user is not None:
        if repair:
            raise typer.BadParameter("what names a deleted user is erased by the workers; --repair is for replicas")
        erased = run(_erased(user))
        if json:
            as_json(erased.as_json())
        else:
            for table in erased.tables():
                console.print(table)
        raise typer.Exit(Exit.GOOD if erased.is_clean else Exit.ATTENTION)
    report = run(_verify(operator if repair else None, patience))
    if json:
        as_json(report.as_json())
    else:
        from ops.verify.tables import tables  # noqa: PLC0415 - with what loads it

        for table in tables(report):
            console.print(table)
    raise typer.Exit(Exit.GOOD if report.is_clean else Exit.ATTENTION)


@replicas.command()
def rebuild(
    name: Annotated[str, typer.Argument(help="The queue that feeds it, such as order.products.")],
    *,
    operator: Operator,
    json: AsJson = False,
) -> None:
    """Have the owner tell all it has again, to this replica alone, until both agree. The shop may stay open.

    The worker that keeps the replica is not ready meanwhile. Exit codes: 0 they agree; 1 they do not; 2 wrong usage;
    3 a database cannot be reached, or no worker does what it is asked for.
    """
    result = run(_rebuild(name, operator, quiet=json))
    if json:
        as_json(result.as_json())
    elif result.left:
        console.print(f"{name}: {len(result.left)} of {result.rows} rows still differ: ./shop verify", style="red")
    else:
        console.print(f"{name}: {result.rows} rows, and all of them are as their owner says.", style="green")
    raise typer.Exit(Exit.ATTENTION if result.left else Exit.GOOD)


# Loading a client of PostgreSQL takes longer than most of the other commands take altogether.
async def _verify(repairer: str | None, patience: float) -> "Report":
    from ops.verify import verification  # noqa: PLC0415
    from ops.verify.databases import opened  # noqa: PLC0415

    async with opened(find_addresses()) as databases:
        return await verification.verify(databases, repairer=repairer, patience=patience)


async def _erased(user: UUID) -> "Erased":
    from ops.admin.broker import broker  # noqa: PLC0415
    from ops.verify import erasure_check  # noqa: PLC0415
    from ops.verify.databases import opened  # noqa: PLC0415

    addresses = find_addresses()
    async with opened(addresses) as databases, broker(addresses["AMQP_URL"]) as connection:
        return await erasure_check.look(databases, connection, user)


async def _rebuild(name: str, operator: str, *, quiet: bool) -> "ReplicaResult":
    from ops.verify import rebuild  # noqa: PLC0415
    from ops.verify.databases import opened  # noqa: PLC0415

    async with opened(find_addresses()) as databases:
        with Progress(console=console, disable=quiet) as progress:
            task = progress.add_task("publishing", total=None)
            return await rebuild.rebuild(
                databases,
                name,
                operator=operator,
                progress=lambda told, of: progress.update(task, completed=told, total=of),
            )
