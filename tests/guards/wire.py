"""The wire between a program and its database, listened in to: which statements a request really costs.

Counted there, nothing can be forgotten: neither what a library sends by itself nor what begins and ends a transaction.
"""

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit, urlunsplit

LENGTH: Final = 4
STARTUP: Final = 3 << 16
"""Of PostgreSQL's protocol 3. What asks for encryption has another number, and no answer that changes anything."""


class Wire:
    """`async with Wire(url) as wire:`, and the program connects to `wire.url`."""

    def __init__(self, database_url: str) -> None:
        self._target = urlsplit(database_url)
        self._tasks: set[asyncio.Task[None]] = set()
        self.executed: list[str] = []
        """All statements of all connections, in the order in which they were sent."""

    @property
    def url(self) -> str:
        user, at, _ = self._target.netloc.rpartition("@")
        port = self._server.sockets[0].getsockname()[1]
        return urlunsplit(self._target._replace(netloc=f"{user}{at}127.0.0.1:{port}"))

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        up_reader, up_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(_pump(reader, up_writer, _Listener(self.executed.append).hear))
                pumps.create_task(_pump(up_reader, writer, lambda _: None))
        finally:
            for each in (writer, up_writer):
                each.transport.abort()


class _Listener:
    """Understands what one client says."""

    def __init__(self, executed: Callable[[str], None]) -> None:
        self._executed = executed
        self._heard = b""
        self._is_started = False
        self._prepared: dict[bytes, str] = {}
        self._bound: dict[bytes, bytes] = {}

    def hear(self, data: bytes) -> None:
        self._heard += data
        while True:
            kind = 1 if self._is_started else 0
            if len(self._heard) < kind + LENGTH:
                return
            end = kind + int.from_bytes(self._heard[kind : kind + LENGTH])
            if len(self._heard) < end:
                return
            message, self._heard = self._heard[:end], self._heard[end:]
            if self._is_started:
                self._understand(message[:1], message[kind + LENGTH :])
            else:
                self._is_started = int.from_bytes(message[LENGTH : 2 * LENGTH]) == STARTUP

    def _understand(self, kind: bytes, body: bytes) -> None:
        match kind:
            case b"P":
                name, statement, _ = body.split(b"\0", 2)
                self._prepared[name] = statement.decode()
            case b"B":
                portal, name, _ = body.split(b"\0", 2)
                self._bound[portal] = name
            case b"E":
                self._executed(self._prepared[self._bound[body.split(b"\0", 1)[0]]])
            case b"Q":
                self._executed(body.rstrip(b"\0").decode())


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hear: Callable[[bytes], None]) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            hear(data)
            writer.write(data)
            await writer.drain()
        writer.close()
