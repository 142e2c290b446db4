"""Asks a server many things at once, and gives each answer to who asked: for work of several steps."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self
from urllib.parse import urlsplit

from benchmarks.load import END_OF_HEAD, UnexpectedAnswerError, length_of

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class BenchmarkClient:
    """Some connections, which take turns. One that the server has closed, having waited for long, is opened anew."""

    def __init__(self, url: str, connections: int) -> None:
        self._address = urlsplit(url)
        self._idle: asyncio.Queue[Line | None] = asyncio.Queue()
        for _ in range(connections):
            self._idle.put_nowait(None)

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, connections: int) -> AsyncIterator[Self]:
        asking = cls(url, connections)
        try:
            yield asking
        finally:
            while not asking._idle.empty():
                if (line := asking._idle.get_nowait()) is not None:
                    line[1].close()

    async def ask(self, request: bytes) -> bytes:
        """The body of a good answer."""
        line = await self._idle.get()
        try:
            if line is None or line[0].at_eof():
                line = await asyncio.open_connection(self._address.hostname, self._address.port)
            reader, writer = line
            writer.write(request)
            head = await reader.readuntil(END_OF_HEAD)
            body = await reader.readexactly(length_of(head))
        finally:
            self._idle.put_nowait(line)
        if head[9:10] != b"2":
            raise UnexpectedAnswerError((head + body).decode(errors="replace"))
        return body
