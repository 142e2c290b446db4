"""A TCP proxy that tests cut and freeze, to take a server away from one process without stopping it for all."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit, urlunsplit

# Seconds. One of several servers that does not answer is passed over.
PASSED_OVER = 1.0


class Proxy:
    """`async with Proxy(url) as proxy:` then connect to `proxy.url`."""

    def __init__(self, target_url: str, *others: str) -> None:
        """Of several servers each connection gets the next one that takes it, as behind a load balancer."""
        self._targets = deque(urlsplit(url) for url in (target_url, *others))
        self._server: asyncio.Server | None = None
        self._port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[Any]] = set()
        self._flow = asyncio.Event()
        self._flow.set()
        self._flows: list[asyncio.Event] = []
        self._bytes_left: int | None = None

    @property
    def url(self) -> str:
        target = self._targets[0]
        user, at, _ = target.netloc.rpartition("@")
        return urlunsplit(target._replace(netloc=f"{user}{at}127.0.0.1:{self._port}"))

    @property
    def blackholed(self) -> int:
        """How many connections are half open: they carry nothing, and neither side was told."""
        return sum(flow is not self._flow for flow in self._flows)

    @property
    def working(self) -> int:
        return len(self._flows) - self.blackholed

    async def restore(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Ends every connection and refuses new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()
        for task in self._serving:
            task.cancel()

    def freeze(self) -> None:
        """Every connection stays, new ones are taken, and no byte gets through: the server hangs."""
        self._flow.clear()

    def thaw(self) -> None:
        """What was held back goes on its way."""
        self._flow.set()

    def blackhole(self) -> None:
        """No connection of now ever carries another byte, and nobody is told. New ones work."""
        self._flow.clear()
        self._flow = asyncio.Event()
        self._flow.set()

    def blackhole_after(self, count: int) -> None:
        """Strands when the server has said that many bytes."""
        self._bytes_left = count

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        self._writers.add(writer)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._connect(reader, writer, self._flow)
        finally:
            self._end(writer)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flow: asyncio.Event) -> None:
        up_reader, up_writer = await self._dial()
        self._writers.add(up_writer)
        self._flows.append(flow)
        try:
            await asyncio.gather(_pump(reader, up_writer, flow), _pump(up_reader, writer, flow, self._count))
        finally:
            self._flows.remove(flow)
            self._end(up_writer)

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in range(len(self._targets) - 1):
            target = self._next()
            with contextlib.suppress(OSError):
                async with asyncio.timeout(PASSED_OVER):
                    return await asyncio.open_connection(target.hostname, target.port)
        target = self._next()
        return await asyncio.open_connection(target.hostname, target.port)

    def _next(self) -> SplitResult:
        self._targets.rotate(-1)
        return self._targets[-1]

    def _end(self, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()
        self._writers.discard(writer)

    def _count(self, data: bytes) -> None:
        if self._bytes_left is not None:
            self._bytes_left -= len(data)
            if self._bytes_left < 0:
                self._bytes_left = None
                self.blackhole()

    async def __aenter__(self) -> Self:
        await self.restore()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.cut()


async def _pump(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    flow: asyncio.Event,
    count: Callable[[bytes], None] = lambda _: None,
) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            count(data)
            await flow.wait()
            writer.write(data)
            await writer.drain()
    await flow.wait()
    with contextlib.suppress(OSError):
        writer.close()
        await writer.wait_closed()
