"""Spans of OpenTelemetry: what a request or an event took, and where, over all processes that it went through.

Off, and at no cost, unless `OTEL_EXPORTER_OTLP_ENDPOINT` says where spans go: only then is the SDK imported. What the
trace is called goes on through outbox and messages in either case (`libs.observability.context.traceparent`).
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from typing import TypeVar

from opentelemetry.trace import SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from libs.observability.context import trace_of

App = TypeVar("App")
Lifespan = Callable[[App], AbstractAsyncContextManager[None]]

_PROPAGATOR = TraceContextTextMapPropagator()
_HEADER = "traceparent"


class _Tracing:
    tracer: Tracer | None = None
    end: Callable[[], None] | None = None


def configure_tracing(process: str) -> None:
    """Call it before the app is made."""
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        from libs.observability.otel import export  # noqa: PLC0415 - the SDK takes memory, which who traces nothing keeps.

        _Tracing.tracer, _Tracing.end = export(process)


def flush_on_shutdown(lifespan: Lifespan[App]) -> Lifespan[App]:
    """The same lifespan, at whose end the process sends its last spans.

    uvicorn ends a process by SIGTERM after that, and Python does nothing of what it has put off until its own end.
    """

    @asynccontextmanager
    async def until_all_are_sent(app: App) -> AsyncIterator[None]:
        try:
            async with lifespan(app):
                yield
        finally:
            if _Tracing.end is not None:
                await asyncio.to_thread(_Tracing.end)

    return until_all_are_sent


def enabled() -> bool:
    return _Tracing.tracer is not None


def current_or_new_trace(given: str | None) -> str:
    """The trace that a request is in: of the span that the framework has begun, else as the caller says, else new."""
    return trace_of(given if _Tracing.tracer is None else _current() or given)


def span(
    name: str, parent: str | None, kind: SpanKind = SpanKind.INTERNAL, **attributes: str | float
) -> AbstractContextManager[str | None]:
    """A span that goes on from `parent`, by which others go on from it. Switched off it is `parent` again."""
    if _Tracing.tracer is None:
        return nullcontext(parent)
    return _span(_Tracing.tracer, name, parent, kind, attributes)


@contextmanager
def _span(
    tracer: Tracer, name: str, parent: str | None, kind: SpanKind, attributes: dict[str, str | float]
) -> Iterator[str | None]:
    context = _PROPAGATOR.extract({} if parent is None else {_HEADER: parent})
    named = {key.replace("_", "."): value for key, value in attributes.items()}
    with tracer.start_as_current_span(name, context=context, kind=kind, attributes=named):
        yield _current()


def _current() -> str | None:
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get(_HEADER)
