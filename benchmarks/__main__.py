"""How close the shop comes to what the machine can do: `./shop bench`. See docs/performance.md."""

import argparse
import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import uvloop
from rich.console import Console

from benchmarks import results
from benchmarks.comparison import Outcome, Row
from benchmarks.fixtures import Fixtures
from benchmarks.rounds import hold
from benchmarks.rows import ROWS
from benchmarks.table import markdown, table

FEWEST: Final = 3
"""Of fewer rounds, the median is any of them."""
QUICK: Final = 2
"""Each side is the first once."""

console = Console(width=None if sys.stdout.isatty() else 140)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./shop bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*ROWS, []], help=", ".join(ROWS))
    parser.add_argument("--rounds", type=int, help=f"of which each measures both sides ({FEWEST}; quick: {QUICK})")
    parser.add_argument("--quick", action="store_true", help="two short rounds on a tenth of the data")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all rounds there")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the table there")
    given = parser.parse_args()
    if given.rounds is None:
        given.rounds = QUICK if given.quick else FEWEST
    if given.rounds < (1 if given.quick else FEWEST):
        parser.error(f"--rounds {given.rounds}: a median needs {FEWEST} or more; --quick makes do with less")
    return given


async def bench(rows: Sequence[Row], rounds: int, *, quick: bool) -> list[Outcome]:
    products, seconds = (10_000, 0.3) if quick else (100_000, 3.0)
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="shop-bench-") as logs:
        async with Fixtures.open(products, Path(logs), quick=quick) as ground:
            for row in rows:
                with console.status(row.title):
                    try:
                        outcomes.append(await hold(row, ground, rounds, seconds))
                    except Exception:  # noqa: BLE001 - whatever it is, it is this row's.
                        # What the others have shown in many minutes is not lost for it.
                        traceback.print_exc()
    return outcomes


def conditions(given: argparse.Namespace) -> dict[str, Any]:
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "rounds": given.rounds,
        "quick": given.quick,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
    }


def main() -> int:
    given = options()
    around = conditions(given)
    outcomes = uvloop.run(bench([ROWS[name] for name in given.names or ROWS], given.rounds, quick=given.quick))
    console.print(table(outcomes, results.last_ratios(quick=given.quick)))
    measured = results.as_json(outcomes, around)
    results.store(measured, quick=given.quick)
    if given.json:
        results.write(given.json, measured)
    if given.markdown:
        given.markdown.write_text(markdown(outcomes))
    return 0 if len(outcomes) == len(given.names or ROWS) else 1


if __name__ == "__main__":
    sys.exit(main())
