"""check."""

import asyncio
import sys

import typer
from rich.console import Console
from rich.text import Text

from ops.stack.paths import REPOSITORY

console = Console()
_LAYERS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
# Run as modules of this Python: scripts in .venv/bin name the folder in which the environment was made.
CHECKS = {
    "ruff check": ("-m", "ruff", "check", "."),
    "ruff format": ("-m", "ruff", "format", "--check", "."),
    "mypy": ("-m", "mypy", "."),
    "lint-imports": ("-c", _LAYERS),
}


def register(app: typer.Typer) -> None:
    app.command()(check)


def check() -> None:
    """Lint, format, types and layers, at the same time."""
    failed = run_checks()
    if failed:
        raise typer.Exit(1)


def run_checks() -> list[str]:
    """The names of those that failed. Their output is shown, that of the others is not."""
    return asyncio.run(_all())


async def _all() -> list[str]:
    verdicts = await asyncio.gather(*(_one(name, arguments) for name, arguments in CHECKS.items()))
    failed = [name for name, well in zip(CHECKS, verdicts, strict=True) if not well]
    console.print(f"[red]failed: {', '.join(failed)}[/red]" if failed else "[green]all checks passed[/green]")
    return failed


async def _one(name: str, arguments: tuple[str, ...]) -> bool:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode:
        console.rule(name)
        console.print(Text(output.decode(errors="replace").rstrip()), soft_wrap=True)
    else:
        console.print(f"[green]✓[/green] {name}")
    return process.returncode == 0
