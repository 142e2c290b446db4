"""Where the time goes: flame graphs of the shop's processes under the load of a row. `./shop profile`."""

import argparse
import asyncio
import contextlib
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.comparison import Row
from benchmarks.fixtures import Fixtures
from benchmarks.programs import Program
from benchmarks.rows import ROWS
from ops.stack.paths import CLONE

FOLDER: Final = CLONE.home / "profiles"
# Enough that a millisecond of a second's work is seen, and little that the profiler itself costs.
SAMPLES_A_SECOND: Final = 200
ENDINGS: Final = {"flamegraph": "svg", "speedscope": "json"}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./shop profile", description=__doc__)
    parser.add_argument("name", metavar="NAME", choices=ROWS, help=", ".join(ROWS))
    parser.add_argument("--seconds", type=float, default=10, help="of load (10)")
    parser.add_argument("--speedscope", action="store_true", help="JSON for speedscope.app instead of an SVG")
    return parser.parse_args()


async def profile(row: Row, seconds: float, form: str) -> list[Path]:
    with tempfile.TemporaryDirectory(prefix="shop-profile-") as logs:
        async with Fixtures.open(100_000, Path(logs), traceable=True) as ground, row.contest(ground) as contest:
            # Nothing of what happens once shall be in the picture.
            await contest.shop(1)
            programs = [program for program in ground.programs if program.is_of_the_shop]
            async with AsyncExitStack() as scope:
                paths = [await scope.enter_async_context(recorded(each, row.name, form)) for each in programs]
                await contest.shop(seconds)
            return paths


@asynccontextmanager
async def recorded(program: Program, row: str, form: str) -> AsyncIterator[Path]:
    """Samples of what has the processor, not of what waits, for as long as the block takes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{row}-{program.module}.{ENDINGS[form]}"
    spy = await asyncio.create_subprocess_exec(
        *(Path(sys.executable).with_name("py-spy"), "record", "--pid", str(program.pid), "--output", path),
        *("--format", form, "--rate", str(SAMPLES_A_SECOND), "--nonblocking"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield path
    finally:
        with contextlib.suppress(ProcessLookupError):
            spy.send_signal(signal.SIGINT)
        said, _ = await spy.communicate()
    if spy.returncode:
        raise RuntimeError(f"py-spy could not look into {program.module}:\n{said.decode()}")


def main() -> int:
    given = options()
    form = "speedscope" if given.speedscope else "flamegraph"
    for path in uvloop.run(profile(ROWS[given.name], given.seconds, form)):
        print(path.relative_to(Path.cwd()))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
