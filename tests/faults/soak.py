"""Faults at random, for as long as wanted: `python -m tests.faults.soak --minutes 30 --seed 7`, or `./shop soak`."""

import argparse
import asyncio
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import asyncpg

from ops.admin.errors import OperatorError
from tests.faults.cluster import Cluster
from tests.faults.every_fault import FAULTS
from tests.faults.invariants import check_invariants
from tests.faults.load import Load
from tests.faults.quiescence import wait_until_quiescent
from tests.faults.write_log import Findings

AT_A_TIME = 4
# Seconds that databases may take to tell what is there.
PATIENCE = 60
FOUND = 1
INTERRUPTED = 130


async def spell(stage: Cluster, dice: Random) -> Findings:
    """Some faults, one after the other in the middle of a load, and what there is when all of it has come to rest."""
    async with Load.running(stage, dice) as load:
        for name in dice.choices(list(FAULTS), k=AT_A_TIME):
            _say(name)
            await FAULTS[name](stage, load, dice)
    return await wait_until_quiescent(stage)


async def soak(folder: Path, seed: int, is_over: Callable[[], bool]) -> None:
    """Whatever ends it, the four numbers are printed."""
    if task := asyncio.current_task():
        # As Ctrl-C does.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    dice = Random(seed)  # noqa: S311 - no secret, and the same each time
    async with Cluster.open(folder) as stage:
        try:
            while True:
                await spell(stage, dice)
                if is_over():
                    return
        finally:
            _say(await _numbers(stage))


async def _numbers(stage: Cluster) -> str:
    try:
        async with asyncio.timeout(PATIENCE), stage.databases() as databases:
            return (await check_invariants(stage.ledger, databases)).numbers
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, OperatorError) as error:
        acknowledged = f"{stage.ledger.acknowledged} writes acknowledged"
        return f"{acknowledged}; lost, duplicated or unexpected: nobody is there to be asked, {error!r}"


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)  # noqa: T201


def main(*arguments: str) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    options = parser.parse_args(arguments)
    end = time.monotonic() + options.minutes * 60
    folder = Path(tempfile.mkdtemp(prefix="shop-soak-"))
    _say(f"seed {options.seed}, logs in {folder / 'logs'}")
    # The logs of all processes stay when something was found.
    stays = f"logs stay in {folder / 'logs'}"
    try:
        asyncio.run(soak(folder, options.seed, lambda: time.monotonic() > end))
    except (KeyboardInterrupt, asyncio.CancelledError):
        # Nothing was found until somebody wanted no more of it.
        stays = ""
        return INTERRUPTED
    except AssertionError as error:
        _say(str(error))
        return FOUND
    else:
        stays = ""
        return 0
    finally:
        if not stays:
            shutil.rmtree(folder, ignore_errors=True)
        _say(", ".join(filter(None, (f"seed {options.seed}", stays))))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
