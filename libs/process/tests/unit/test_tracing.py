"""Who traces nothing pays nothing; who cannot be reached keeps nobody waiting."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from libs.observability.context import TRACEPARENT
from libs.observability.otel import RedactingSpanProcessor
from libs.observability.tracing import current_or_new_trace, span
from libs.testing.databases import ROOT
from libs.testing.ports import free_port

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SPAN = """
import sys
from libs.observability.tracing import current_or_new_trace, configure_tracing, span
configure_tracing("a process")
with span("work", sys.argv[1] or None) as trace:
    print(trace)
    print(current_or_new_trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
print(any(name.startswith("opentelemetry.sdk") for name in sys.modules))
"""

MANY = """
import time
from libs.observability.tracing import configure_tracing, span
configure_tracing("a process")
for _ in range(2_000):
    with span("work", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"):
        pass
print(time.monotonic())
"""
SERVED = """
import uvicorn
from libs.observability.tracing import configure_tracing, span
configure_tracing("a process")
with span("the last work", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"):
    pass
%s
uvicorn.run(app, port=0)
"""
API = """
from contextlib import asynccontextmanager
from libs.http.app import new_api

@asynccontextmanager
async def lifespan(_):
    yield

app = new_api("t", "t", routers=[], checks={}, lifespan=lifespan, cors_origins=[])
"""
WORKER = """
from libs.contracts.topology import AUTH_EVENTS
from libs.database.database import Database
from libs.broker.connection import BrokerAddress
from libs.worker import create_worker_app
url = "postgresql://nobody@127.0.0.1:1/none"
app = create_worker_app(
    database_url=url,
    timers=Database(url, pool_size=1),
    broker=BrokerAddress("amqp://127.0.0.1:1/"),
    publishes=AUTH_EVENTS,
)
"""


def tracing_to(port: int) -> dict[str, str]:
    """An environment. Whoever has few spans sends them at its end."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return {
        **inherited,
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
        "OTEL_BSP_SCHEDULE_DELAY": "600000",
    }


def run(given: str, **environment: str) -> list[str]:
    """A span in a process of its own: whoever takes spans takes them for the whole process."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(  # noqa: S603 - our own code
        (sys.executable, "-c", SPAN, given),
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_switched_off_a_trace_goes_on_as_it_is() -> None:
    with span("work", GIVEN, SpanKind.CONSUMER, shop_thing="x") as trace:
        assert trace == GIVEN
    with span("work", None) as trace:
        assert trace is None
    assert current_or_new_trace(GIVEN) == GIVEN
    assert TRACEPARENT.fullmatch(current_or_new_trace(None))


def test_switched_off_the_sdk_is_not_even_imported() -> None:
    assert run(GIVEN) == [GIVEN, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "False"]


def test_a_span_goes_on_from_what_it_was_given_and_is_what_others_go_on_from() -> None:
    began = time.monotonic()
    trace, inner, enabled = run(GIVEN, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}")
    assert trace[:35] == GIVEN[:35]
    assert trace != GIVEN
    assert inner == trace
    assert enabled == "True"
    # Nobody takes its spans: it ends all the same, before anybody kills it.
    assert time.monotonic() - began < 8


def test_one_that_was_given_nothing_begins_a_trace() -> None:
    trace, _, _ = run("", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}")
    assert TRACEPARENT.fullmatch(trace)


def test_who_takes_no_spans_is_waited_for_once_however_many_there_are() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = subprocess.run(  # noqa: S603 - our own code
            (sys.executable, "-c", MANY),
            cwd=ROOT,
            env=tracing_to(silent.getsockname()[1]),
            capture_output=True,
            check=True,
        )
    # Two seconds, and not two for each of the four batches.
    assert time.monotonic() - float(done.stdout) < 5


@pytest.mark.parametrize("app", [API, WORKER], ids=["api", "worker"])
async def test_who_is_told_to_end_sends_its_last_spans(app: str) -> None:
    taken = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"the last work")
        taken.set()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with asyncio.timeout(60), await asyncio.start_server(take, "127.0.0.1", 0) as collector:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SERVED % app),
            cwd=ROOT,
            env=tracing_to(collector.sockets[0].getsockname()[1]),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        async for line in process.stderr:
            if b"Uvicorn running" in line:
                process.terminate()
        assert await process.wait() == -signal.SIGTERM
        assert taken.is_set()


def test_a_span_says_no_more_than_a_log_line() -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(RedactingSpanProcessor(kept))
    called = {"http.url": "https://hook:pass@receiver.example:8443/a/path?key=1", "http.method": "POST"}
    asked = {"url.path": "/users/ada@example.com", "url.query": "q=ada%40example.com", "url.full": "http://there/x"}
    named = provider.get_tracer("test").start_as_current_span("work", attributes={**called, **asked})
    with pytest.raises(ValueError, match="ada"), named:
        raise ValueError("ada@example.com is taken")
    provider.shutdown()
    (told,) = kept.get_finished_spans()
    assert told.attributes == {
        "http.url": "https://receiver.example:8443",
        "http.method": "POST",
        "url.path": "/users/(address)",
        "url.full": "http://there",
    }
    assert (told.status.status_code, told.status.description) == (StatusCode.ERROR, "ValueError: (address) is taken")
    assert "ada@" not in told.to_json()
