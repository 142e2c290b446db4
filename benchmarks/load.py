"""An HTTP client that does little else than to load: requests are bytes that were made before.

It keeps some connections open and sends on each the next request as soon as the last is answered. wrk, measured beside
it, takes as long for a request (24 against 26 µs, which are the kernel's) and loads a server no more; but it has to be
installed, and cannot send each request under a key of its own.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, cast
from urllib.parse import urlsplit

CONNECTIONS: Final = 16
# Of the measured time as much again, in which connections are opened before anything counts.
WARM_UP: Final = 0.1
# Seconds for the last answers.
PATIENCE: Final = 30
END_OF_HEAD: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length: "


class UnexpectedAnswerError(Exception):
    """A server that answers something else is not measured."""


@dataclass(slots=True)
class Answers:
    """What came back while it counted."""

    seconds: float = 0
    milliseconds: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.milliseconds) / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def get(path: str, headers: Mapping[str, str] | None = None) -> bytes:
    return _head("GET", path, headers or {}) + b"\r\n"


def post(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    sized = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
    return _head("POST", path, sized) + b"\r\n" + body


def _head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: shop", *(f"{name}: {value}" for name, value in headers.items())]
    return "".join(f"{line}\r\n" for line in lines).encode()


async def load(
    url: str,
    requests: Iterator[bytes],
    seconds: float,
    *,
    connections: int = CONNECTIONS,
    mark: Callable[[], None] = lambda: None,
) -> Answers:
    """`mark` is called when the measured time begins and when it ends."""
    answers = Answers()
    loop = asyncio.get_running_loop()
    address = urlsplit(url)
    opened = [_Connection(requests, answers) for _ in range(connections)]
    for connection in opened:
        await loop.create_connection(partial(_itself, connection), address.hostname or "", address.port or 80)
    try:
        await _unless_failed(opened, seconds * WARM_UP)
        answers.milliseconds.clear()
        mark()
        started = time.perf_counter()
        while not answers.milliseconds:
            # For as long again, if nothing at all was answered.
            await _unless_failed(opened, seconds)
        mark()
        answers.seconds = time.perf_counter() - started
        counted = Answers(answers.seconds, answers.milliseconds[:])
    finally:
        for connection in opened:
            connection.over = True
        await asyncio.wait([connection.ended for connection in opened], timeout=PATIENCE)
    return counted


async def _unless_failed(connections: "list[_Connection]", seconds: float) -> None:
    done, _ = await asyncio.wait(
        [each.ended for each in connections], timeout=seconds, return_when=asyncio.FIRST_COMPLETED
    )
    for ended in done:
        ended.result()


def _itself(connection: "_Connection") -> "_Connection":
    return connection


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], answers: Answers) -> None:
        self._requests = requests
        self._answers = answers
        self._arrived = b""
        self.over = False
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        arrived = self._arrived = self._arrived + data if self._arrived else data
        end = arrived.find(END_OF_HEAD)
        if end < 0 or len(arrived) < end + len(END_OF_HEAD) + length_of(arrived[:end]):
            return
        self._answers.milliseconds.append((time.perf_counter() - self._sent) * 1000)
        if arrived[9:10] != b"2":
            self._fail(UnexpectedAnswerError(arrived.decode(errors="replace")))
        elif self.over:
            self._transport.close()
        else:
            self._arrived = b""
            self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            if self.over:
                self.ended.set_result(None)
            else:
                self.ended.set_exception(error or ConnectionError("the server closed the connection"))

    def _next(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))

    def _fail(self, error: Exception) -> None:
        if not self.ended.done():
            self.ended.set_exception(error)
        self._transport.abort()


def length_of(head: bytes) -> int:
    """Of the body. Names of headers are in small letters where uvicorn writes them."""
    start = head.index(LENGTH) + len(LENGTH)
    stop = head.find(b"\r\n", start)
    return int(head[start:] if stop < 0 else head[start:stop])
