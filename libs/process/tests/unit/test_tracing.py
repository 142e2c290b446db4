"""Who traces nothing pays nothing; who cannot be reached keeps nobody waiting."""

import os
import subprocess
import sys
import time

from opentelemetry.trace import SpanKind

from libs.process.context import TRACEPARENT
from libs.process.tracing import begun, continued
from libs.testing.databases import ROOT
from libs.testing.ports import free_port

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SPAN = """
import sys
from libs.process.tracing import begun, configure_tracing, continued
configure_tracing("a process")
with continued("work", sys.argv[1] or None) as trace:
    print(trace)
    print(begun("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
print(any(name.startswith("opentelemetry.sdk") for name in sys.modules))
"""


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
    with continued("work", GIVEN, SpanKind.CONSUMER, shop_thing="x") as trace:
        assert trace == GIVEN
    with continued("work", None) as trace:
        assert trace is None
    assert begun(GIVEN) == GIVEN
    assert TRACEPARENT.fullmatch(begun(None))


def test_switched_off_the_sdk_is_not_even_imported() -> None:
    assert run(GIVEN) == [GIVEN, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "False"]


def test_a_span_goes_on_from_what_it_was_given_and_is_what_others_go_on_from() -> None:
    began = time.monotonic()
    trace, inner, is_on = run(GIVEN, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}")
    assert trace[:35] == GIVEN[:35]
    assert trace != GIVEN
    assert inner == trace
    assert is_on == "True"
    # Nobody takes its spans: it ends all the same, before anybody kills it.
    assert time.monotonic() - began < 8


def test_one_that_was_given_nothing_begins_a_trace() -> None:
    trace, _, _ = run("", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}")
    assert TRACEPARENT.fullmatch(trace)
