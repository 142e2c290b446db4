"""Resolves names in threads, each of which delays no other."""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

Lookup = Callable[[str, int], Sequence[str]]


def getaddrinfo(host: str, port: int) -> Sequence[str]:
    """Raises OSError or UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Resolver:
    """The system's resolver cannot be interrupted, and may take half a minute for a name whose servers are silent.

    In the loop's own pool of threads a few such names would keep everybody else waiting. So each name has a thread of
    its own, one however many ask, which does not keep the process from ending either.
    """

    def __init__(self, look_up: Lookup = getaddrinfo) -> None:
        self._look_up = look_up
        self._running: dict[tuple[str, int], asyncio.Future[Sequence[str]]] = {}

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Raises OSError or UnicodeError."""
        wanted = (host, port)
        running = self._running.get(wanted)
        if running is None:
            running = asyncio.get_running_loop().create_future()
            threading.Thread(target=self._run, args=(wanted, running), daemon=True, name=f"lookup {host}").start()
            # Only now: if no thread could be started, nothing may wait for it. It reports to the loop after this.
            self._running[wanted] = running
        return await asyncio.shield(running)

    def _run(self, wanted: tuple[str, int], future: asyncio.Future[Sequence[str]]) -> None:
        try:
            result: Sequence[str] | Exception = self._look_up(*wanted)
        except Exception as error:  # noqa: BLE001 - the caller gets it.
            result = error
        # The loop may have ended meanwhile.
        with suppress(RuntimeError):
            future.get_loop().call_soon_threadsafe(self._finish, wanted, future, result)

    def _finish(
        self, wanted: tuple[str, int], future: asyncio.Future[Sequence[str]], result: Sequence[str] | Exception
    ) -> None:
        del self._running[wanted]
        if isinstance(result, Exception):
            future.set_exception(result)
            # Whoever asked may have given up.
            future.exception()
        else:
            future.set_result(result)
