"""Sends spans to where `OTEL_EXPORTER_OTLP_ENDPOINT` says, over HTTP. Import it only where that is set."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, Status, TraceState

from libs.observability.redaction import redact

# Seconds for one batch with all its tries. A process that ends waits as long for all of its last spans.
PATIENCE: Final = 2.0
# What a client has asked for may be anything, in any encoding. No log line has it either.
_UNTOLD: Final = frozenset({"url.query"})
# Of what we call. The path of a receiver's URL is often all that keeps others from posting there.
_CALLED: Final = ("http.url", "url.full")
_NOBODY: Final = SamplingResult(Decision.DROP)


def export(process: str) -> tuple[trace.Tracer, Callable[[], None]]:
    """The second is called when no more spans come. At the end of Python it is called again, if it comes to that."""
    ratio = float(os.environ.get("OTEL_TRACES_SAMPLER_ARG", "1"))
    provider = TracerProvider(
        resource=Resource.create({"service.name": process, "service.namespace": "shop"}),
        sampler=ParentBased(root=DropOrphanClientSpans(ratio)),
    )
    provider.add_span_processor(RedactingSpanProcessor(OTLPSpanExporter(timeout=PATIENCE)))
    trace.set_tracer_provider(provider)
    AsyncPGInstrumentor().instrument()  # type: ignore[no-untyped-call] # The package leaves it untyped.
    HTTPXClientInstrumentor().instrument()
    return provider.get_tracer("shop"), provider.shutdown


class DropOrphanClientSpans(Sampler):
    """Leaves out what begins with a statement: that is a timer that looks whether there is something to do."""

    def __init__(self, ratio: float) -> None:
        self._some = TraceIdRatioBased(ratio)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Mapping[str, Any] | None = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        if kind is SpanKind.CLIENT:
            return _NOBODY
        return self._some.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return f"Caused{{{self._some.get_description()}}}"


class RedactingSpanProcessor(BatchSpanProcessor):
    """A trace is read by the same people as a log, and may say no more."""

    def shutdown(self) -> None:
        # Its own would wait for thirty seconds, while each batch fails by itself.
        self._batch_processor.shutdown(timeout_millis=int(PATIENCE * 1000))

    def on_end(self, span: ReadableSpan) -> None:
        super().on_end(
            ReadableSpan(
                name=span.name,
                context=span.context,
                parent=span.parent,
                resource=span.resource,
                attributes=_span_attributes(span.attributes or {}),
                events=[Event(each.name, redact(each.attributes or {}), each.timestamp) for each in span.events],
                links=span.links,
                kind=span.kind,
                status=_status(span.status),
                start_time=span.start_time,
                end_time=span.end_time,
                instrumentation_scope=span.instrumentation_scope,
            )
        )


def _span_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    told = redact({name: value for name, value in attributes.items() if name not in _UNTOLD})
    for name in _CALLED:
        if name in told:
            url = urlsplit(told[name])
            told[name] = f"{url.scheme}://{url.netloc.rpartition('@')[2]}"
    return told


def _status(status: Status) -> Status:
    """Of a span that an error has left, it says what that error says."""
    if status.description is None:
        return status
    return Status(status.status_code, redact({"said": status.description})["said"])
