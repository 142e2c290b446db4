"""Processes that are measured: the shop's as a deployment runs them, and limits in the same way."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import psutil

from libs.testing.ports import free_port
from libs.testing.wait import until
from ops.stack import child
from ops.stack.paths import REPOSITORY
from ops.stack.ports import HOST

PATIENCE = 120
# As `./shop up` starts them.
OPTIONS = ("--loop", "uvloop", "--http", "httptools", "--no-proxy-headers", "--no-access-log")


class Program:
    """A running server."""

    def __init__(self, module: str, pid: int, url: str) -> None:
        self.module = module
        self.pid = pid
        self.url = url
        self._process = psutil.Process(pid)

    @property
    def is_of_the_shop(self) -> bool:
        return not self.module.startswith("tests.")

    def cpu_seconds(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)

    @contextmanager
    def standing_still(self) -> Iterator[Callable[[], Awaitable[None]]]:
        """Until the end of the block, or until it is told to go on."""

        async def go_on() -> None:
            self._process.resume()

        self._process.suspend()
        try:
            yield go_on
        finally:
            self._process.resume()

    def mib(self) -> float:
        """What ending it would free."""
        return float(self._process.memory_full_info().uss) / 2**20


@asynccontextmanager
async def running(
    module: str, environment: Mapping[str, str], logs: Path, *, traceable: bool = False
) -> AsyncIterator[Program]:
    """`uvicorn MODULE:app`, from when it is ready."""
    port = free_port()
    url = f"http://{HOST}:{port}"
    server = "benchmarks.flamegraph" if traceable else "uvicorn"
    command = (sys.executable, "-m", server, f"{module}:app", "--host", HOST, "--port", str(port), *OPTIONS)
    log = logs / f"{module}.log"
    process = await child.start(
        command, env=_environment(environment), cwd=REPOSITORY, log=log, on_parent_death=signal.SIGKILL
    )
    try:
        async with httpx.AsyncClient(trust_env=False) as client:

            async def answers() -> bool:
                if process.returncode is not None:
                    raise RuntimeError(f"{module} ended with {process.returncode}, see {log}:\n{_end_of(log)}")
                try:
                    return (await client.get(f"{url}/health/ready")).is_success
                except httpx.TransportError:
                    return False

            await until(answers, timeout=PATIENCE, every=0.1)
        yield Program(module, process.pid, url)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """Nothing of a shop that the caller's shell may know of."""
    kept = ("PATH", "HOME", "PYTHONPYCACHEPREFIX", "LD_LIBRARY_PATH")
    return {**{name: value for name, value in os.environ.items() if name in kept}, **given}


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])
