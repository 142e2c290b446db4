"""Stripe's servers, played by a small one of our own that also breaks off and keeps silent.

What it answers is in `recorded/`, written down as Stripe's API reference (2026-10-28) documents it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

RECORDED = Path(__file__).parents[2] / "recorded"


class Fault(Enum):
    RESET = "the connection is reset as soon as the request is there"
    CUT_OFF = "the connection ends in the middle of the answer"
    SILENCE = "no answer comes"
    NONSENSE = "the answer is no JSON"


@dataclass(frozen=True)
class Answer:
    status: int
    name: str
    """Of a file in `recorded/`."""

    def encoded(self) -> bytes:
        return response(self.status, recorded(self.name))


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    fields: dict[str, str]
    headers: dict[str, str]

    @property
    def what(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def key(self) -> str | None:
        return self.headers.get("idempotency-key")


@dataclass
class StripeApi:
    """Answers requests with `answers`, in that order, and notes them in `asked`."""

    url: str = ""
    answers: deque[Answer | Fault] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)

    def will(self, *answers: tuple[int, str] | Fault) -> None:
        self.answers += [answer if isinstance(answer, Fault) else Answer(*answer) for answer in answers]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            self.url = "http://{}:{}".format(*server.sockets[0].getsockname())
            yield
            # Whoever was kept waiting has given up.
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append(await _request(reader))
        answer = self.answers.popleft() if self.answers else Answer(500, "error_internal")
        with suppress(ConnectionError):
            match answer:
                case Answer():
                    writer.write(answer.encoded())
                case Fault.RESET:
                    writer.transport.abort()
                case Fault.CUT_OFF:
                    writer.write(response(200, recorded("intent_succeeded"))[:-100])
                case Fault.NONSENSE:
                    writer.write(response(200, b"<html>Bad Gateway</html>"))
                case Fault.SILENCE:
                    await reader.read()
            writer.close()
            await writer.wait_closed()


def recorded(name: str) -> bytes:
    return (RECORDED / f"{name}.json").read_bytes()


def response(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Request-Id: req_test\r\nConnection: close\r\n\r\n".encode() + body


async def _request(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
    address = urlsplit(target)
    return Asked(method, address.path, dict(parse_qsl(address.query or body)), headers)
