"""The processes of one stack: started when their turn comes, stopped in reverse."""

import asyncio
from collections.abc import Callable

from ops.stack.process import ManagedProcess, Spec
from ops.stack.state import Condition, Entry, State


class Supervisor:
    def __init__(self, state: State, save: Callable[[], None]) -> None:
        self._state = state
        self._save = save
        self._managed: list[ManagedProcess] = []
        self._runs: list[asyncio.Task[None]] = []

    async def start(self, spec: Spec) -> None:
        """Returns when it is ready for the first time; it is kept running from then on."""
        entry = Entry(spec.name, Condition.STARTING, port=spec.port)
        self._state.processes.append(entry)
        managed = ManagedProcess(spec, entry, self._save)
        self._managed.append(managed)
        run = asyncio.create_task(managed.run(), name=spec.name)
        self._runs.append(run)
        ready = asyncio.create_task(managed.first_ready())
        try:
            await asyncio.wait((run, ready), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if run.done():
            run.result()

    async def stop(self) -> None:
        """Tier by tier from the top; what is on one tier stops together."""
        for tier in sorted({managed.spec.tier for managed in self._managed}, reverse=True):
            await asyncio.gather(*(managed.stop() for managed in self._managed if managed.spec.tier == tier))
        await asyncio.gather(*self._runs, return_exceptions=True)
