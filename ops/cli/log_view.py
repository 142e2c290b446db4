"""What processes have printed, one after the other or as it comes."""

import time
from pathlib import Path

import typer
from rich.console import Console

from ops.stack.logs import tail
from ops.stack.paths import StackPaths

_POLL = 0.2
_LINES = 200


def show(layout: StackPaths, name: str | None, *, follow: bool) -> None:
    names = sorted(log.stem for log in layout.logs.glob("*.log"))
    if name is not None and name not in names:
        Console(stderr=True).print(f"There is no log of {name}. There are: {', '.join(names) or 'none yet'}")
        raise typer.Exit(2)
    chosen = [name] if name else names
    # Taken before anything is printed, so that no line falls between the end and the follow-up.
    ends = {each: layout.log(each).stat().st_size for each in chosen}
    for each in chosen:
        for line in tail(layout, each, _LINES if name or not follow else 5).splitlines():
            _print(line, each if name is None else None)
    while follow:
        for each in chosen:
            ends[each] = _print_from(layout.log(each), ends[each], each if name is None else None)
        time.sleep(_POLL)


def _print_from(log: Path, position: int, label: str | None) -> int:
    """Whole lines alone: the rest of one that is just being written comes next time."""
    if not log.exists() or log.stat().st_size < position:  # put aside or deleted, and begun anew
        position = 0
    if not log.exists():
        return position
    with log.open("rb") as file:
        file.seek(position)
        whole, newline, _ = file.read().rpartition(b"\n")
    for line in whole.decode(errors="replace").splitlines() if newline else ():
        _print(line, label)
    return position + len(whole) + len(newline)


def _print(line: str, label: str | None) -> None:
    print(f"{label}: {line}" if label else line, flush=True)  # noqa: T201 - as it is, without styles
