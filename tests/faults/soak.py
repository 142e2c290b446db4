"""Faults at random, for as long as wanted: `python -m tests.faults.soak --minutes 30 --seed 7`, or `./shop soak`."""

import argparse
import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.faults.every_fault import FAULTS
from tests.faults.ledger import Findings
from tests.faults.load import Load
from tests.faults.rest import at_rest
from tests.faults.stage import Stage

AT_A_TIME = 4


async def spell(stage: Stage, dice: Random) -> Findings:
    """Some faults, one after the other in the middle of a load, and what there is when all of it has come to rest."""
    async with Load.running(stage, dice) as load:
        for name in dice.choices(list(FAULTS), k=AT_A_TIME):
            _say(name)
            await FAULTS[name](stage, load, dice)
    return await at_rest(stage)


async def soak(folder: Path, seed: int, is_over: Callable[[], bool]) -> Findings:
    dice = Random(seed)  # noqa: S311 - no secret, and the same each time
    async with Stage.open(folder) as stage:
        while True:
            findings = await spell(stage, dice)
            if is_over():
                return findings


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)  # noqa: T201


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    options = parser.parse_args()
    end = time.monotonic() + options.minutes * 60
    # It stays when something was found: the logs of all processes are in it.
    folder = Path(tempfile.mkdtemp(prefix="shop-soak-"))
    _say(f"seed {options.seed}, logs in {folder / 'logs'}")
    try:
        findings = asyncio.run(soak(folder, options.seed, lambda: time.monotonic() > end))
    except AssertionError as error:
        _say(f"seed {options.seed}: {error}")
        return 1
    _say(f"seed {options.seed}: {findings.numbers}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
