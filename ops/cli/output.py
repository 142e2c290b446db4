"""How the operator's commands answer: people in tables, programs in JSON, and both in exit codes."""

import asyncio
import getpass
import json
from collections.abc import Coroutine
from datetime import datetime
from enum import IntEnum
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from ops.admin.errors import OperatorError


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # In a container, whose users are numbers without names.
        raise typer.BadParameter("no user is logged in: say who you are with --as NAME") from None


Operator = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="NAME",
        help="Who you are, for the record.",
        default_factory=_login_name,
        show_default="your login name",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Result = TypeVar("Result")


class Exit(IntEnum):
    """2 is wrong usage, everywhere."""

    GOOD = 0
    ATTENTION = 1
    TROUBLE = 3


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """What a command has to do with servers."""
    try:
        return asyncio.run(work)
    except OperatorError as trouble:
        print_error(str(trouble))
        raise typer.Exit(Exit.TROUBLE) from trouble


def print_error(*lines: str) -> None:
    console = Console(stderr=True)
    for line in lines:
        console.print(line, style="red", markup=False, highlight=False, soft_wrap=True)


def as_json(answer: object) -> None:
    print(json.dumps(answer, indent=2, default=_plain))  # noqa: T201


def _plain(value: object) -> str:
    """What JSON has no form for: moments and ids, and what AMQP headers may hold."""
    if isinstance(value, bytes | bytearray):
        return value.decode(errors="backslashreplace")
    return value.isoformat() if isinstance(value, datetime) else str(value)
