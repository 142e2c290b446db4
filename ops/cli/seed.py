"""seed."""

import asyncio

import typer
from rich.console import Console
from rich.progress import Progress

from ops.stack.paths import CLONE
from ops.stack.state import Phase, current

console = Console()


def register(app: typer.Typer) -> None:
    app.command()(seed)


def seed() -> None:
    """Fill the running shop with a demo: categories, products, customers, orders. Repeating it doubles nothing."""
    state = current(CLONE)
    if state.phase is not Phase.READY:
        Console(stderr=True).print("The shop is not up: ./shop up")
        raise typer.Exit(1)
    asyncio.run(_seed(state.addresses))


async def _seed(addresses: dict[str, str]) -> None:
    # Loading an HTTP client takes longer than most of the other commands take altogether.
    import httpx  # noqa: PLC0415

    from ops.seed import seeder  # noqa: PLC0415
    from ops.seed.client import Shop  # noqa: PLC0415

    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        shop = Shop(client, auth=addresses["AUTH_URL"], catalog=addresses["CATALOG_URL"], order=addresses["ORDER_URL"])
        with Progress(console=console) as progress:
            task = progress.add_task("seeding", total=seeder.total())
            await seeder.seed(
                shop,
                addresses["ADMIN_EMAIL"],
                addresses["ADMIN_PASSWORD"],
                lambda _kind: progress.advance(task),
            )
