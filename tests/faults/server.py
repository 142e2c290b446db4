"""A server process of the tests' own, to be killed and frozen."""

import asyncio
import contextlib
import signal
from dataclasses import dataclass

from libs.testing.wait import until
from ops.stack import child
from ops.stack.process import Spec

PATIENCE = 180


@dataclass
class Server:
    spec: Spec
    _process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Returns when it answers."""

        async def up() -> bool:
            # PostgreSQL refuses to start until the last process of its former life is gone.
            if self._process is None or self._process.returncode is not None:
                spec = self.spec
                self._process = await child.start(
                    spec.command,
                    env=spec.env,
                    cwd=spec.cwd,
                    log=spec.log,
                    account=spec.account,
                    on_parent_death=signal.SIGKILL,
                )
            return await self.spec.ready()

        await until(up, timeout=PATIENCE, every=0.1)

    async def kill(self) -> None:
        self.signal(signal.SIGKILL)
        await self.ended()

    async def ended(self) -> None:
        assert self._process is not None
        await self._process.wait()

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self.thaw()
            self.signal(self.spec.stop_signal)
            await self._process.wait()
