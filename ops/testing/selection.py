"""Which tests were asked for, split by what they need."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ops.stack.paths import REPOSITORY

# These meet the shop as its clients do and need all of it running; all others bring their own processes.
BLACK_BOX = Path("tests/integration")
# These hurt servers of their own for minutes, beside which nothing else keeps its time.
FAULTS = Path("tests/faults")


@dataclass
class Selection:
    everything: bool = False
    white_box: list[str] = field(default_factory=list)
    black_box: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)  # for pytest


def select(arguments: Sequence[str]) -> Selection:
    paths = [argument for argument in arguments if _is_path(argument)]
    chosen = Selection(options=[argument for argument in arguments if not _is_path(argument)])
    if not paths:
        chosen.everything = not arguments
        paths = ["."]
    apart = {BLACK_BOX: chosen.black_box, FAULTS: chosen.faults}
    for path in paths:
        place = (REPOSITORY / path.partition("::")[0]).resolve().relative_to(REPOSITORY)
        home = next((tests for folder, tests in apart.items() if place.is_relative_to(folder)), chosen.white_box)
        home.append(path)
        for folder, tests in apart.items():
            if folder.is_relative_to(place) and folder != place:
                tests.append(str(folder))
    return chosen


def _is_path(argument: str) -> bool:
    return not argument.startswith("-") and (REPOSITORY / argument.partition("::")[0]).exists()
