"""Processes of the shop that start in a moment, because the process that they are forked from has imported it all."""

import asyncio
import contextlib
import json
import os
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from signal import Signals
from typing import Self

from ops.stack.paths import REPOSITORY


class Child:
    """As far as tests need it, what `asyncio.subprocess.Process` is to others."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def returncode(self) -> int | None:
        return self.ended.result() if self.ended.done() else None

    def send_signal(self, number: Signals) -> None:
        # It may have died a moment ago.
        with contextlib.suppress(ProcessLookupError):
            if not self.ended.done():
                os.kill(self.pid, number)

    async def wait(self) -> int:
        return await asyncio.shield(self.ended)


class ProcessFactory:
    def __init__(self, mother: asyncio.subprocess.Process) -> None:
        self._mother = mother
        self._wanted: deque[asyncio.Future[Child]] = deque()
        self._children: dict[int, Child] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Self]:
        mother = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.forkserver"),
            # Failpoints are armed in children alone, but she has to have what can be armed.
            env={**os.environ, "SHOP_FAILPOINTS": "nowhere"},
            cwd=REPOSITORY,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # The terminal's Ctrl-C reaches the tests alone, which end processes in order.
            start_new_session=True,
        )
        nursery = cls(mother)
        listening = asyncio.create_task(nursery._listen())
        try:
            yield nursery
        finally:
            assert mother.stdin is not None
            mother.stdin.close()
            await listening
            await mother.wait()

    async def start(self, arguments: Sequence[str], *, environment: Mapping[str, str], log: Path) -> Child:
        """`uvicorn ARGUMENTS`."""
        assert self._mother.stdin is not None
        born: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        self._wanted.append(born)
        order = {"arguments": list(arguments), "environment": dict(environment), "log": str(log)}
        self._mother.stdin.write(json.dumps(order).encode() + b"\n")
        return await born

    async def _listen(self) -> None:
        assert self._mother.stdout is not None
        async for line in self._mother.stdout:
            said = json.loads(line)
            if "born" in said:
                child = self._children[said["born"]] = Child(said["born"])
                self._wanted.popleft().set_result(child)
            else:
                self._children.pop(said["died"]).ended.set_result(said["code"])
        for born in self._wanted:
            born.set_exception(RuntimeError("the process that forks others has ended"))
