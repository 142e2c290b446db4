"""The shop's processes, as a deployment runs them, to be killed."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from typing import Protocol

import httpx

from libs.testing.ports import free_port
from libs.testing.wait import until
from ops.stack import child
from ops.stack.paths import REPOSITORY
from ops.stack.ports import HOST
from tests.faults.process_factory import ProcessFactory


class Running(Protocol):
    @property
    def returncode(self) -> int | None: ...

    def send_signal(self, number: Signals, /) -> None: ...

    async def wait(self) -> int: ...


@dataclass
class Process:
    """One of `uvicorn MODULE:app`, on a port that stays its own over all its lives."""

    module: str
    environment: Mapping[str, str]
    logs: Path
    port: int = field(default_factory=free_port)
    nursery: ProcessFactory | None = None
    """Where it comes from in a moment. Without one it has to import all that it needs."""
    _running: Running | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def start(self, *failpoints: str) -> None:
        """Returns when it is ready; armed ones die when they come to one of `failpoints`."""
        await self.launch(*failpoints)
        if not failpoints:
            await self.is_ready()

    async def launch(self, *failpoints: str) -> None:
        """Does not wait for anything."""
        arguments = (f"{self.module}:app", "--host", HOST, "--port", str(self.port), "--no-access-log")
        environment = {
            **os.environ,
            **self.environment,
            "SHOP_FAILPOINTS": ",".join(failpoints),
            "LOG_DIR": str(self.logs),
        }
        log = self.logs / f"{self.module}.out"
        if self.nursery is not None:
            self._running = await self.nursery.start(arguments, environment=environment, log=log)
        else:
            self._running = await child.start(
                (sys.executable, "-m", "uvicorn", *arguments),
                env=environment,
                cwd=REPOSITORY,
                log=log,
                # However the tests end.
                on_parent_death=signal.SIGKILL,
            )

    async def is_ready(self) -> None:
        # Whoever trusts certificates reads them all first, which takes longer than to ask.
        async with httpx.AsyncClient(trust_env=False, verify=False) as client:  # noqa: S501 - nothing is encrypted

            async def ready() -> bool:
                assert self._running is not None
                if self._running.returncode is not None:
                    raise RuntimeError(f"{self.module} ended with {self._running.returncode}")
                try:
                    return (await client.get(f"{self.url}/health/ready")).status_code == httpx.codes.OK
                except httpx.TransportError:
                    return False

            await until(ready, timeout=120, every=0.1)

    def freeze(self) -> None:
        assert self._running is not None
        self._running.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._running is not None
        self._running.send_signal(signal.SIGCONT)

    async def died(self) -> None:
        """Waits for it; it must have been the failpoint."""
        assert self._running is not None
        async with asyncio.timeout(180):
            assert await self._running.wait() == -signal.SIGKILL

    async def kill(self) -> None:
        assert self._running is not None
        self._running.send_signal(signal.SIGKILL)
        await self._running.wait()

    async def stop(self) -> None:
        if self._running is not None and self._running.returncode is None:
            self.thaw()
            self._running.send_signal(signal.SIGTERM)
            await self._running.wait()
