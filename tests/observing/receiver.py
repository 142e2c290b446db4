"""Takes spans over OTLP/HTTP, as Jaeger or a collector does."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Span:
    process: str
    name: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, Any]
    events: str
    """All that they say."""
    status: str
    """With what it says of an error."""


@dataclass
class Receiver:
    url: str
    spans: list[Span] = field(default_factory=list)

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Self]:
        spans: list[Span] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = ExportTraceServiceRequest()
                request.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
                spans.extend(_spans(request))
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = Thread(target=server.serve_forever)
            thread.start()
            try:
                yield cls(f"http://127.0.0.1:{server.server_port}", spans)
            finally:
                server.shutdown()
                thread.join()

    def of(self, trace: str) -> Sequence[Span]:
        return [span for span in self.spans if span.trace == trace]


def tree(spans: Sequence[Span]) -> dict[str, list[Span]]:
    """By parent."""
    found = defaultdict(list)
    for span in spans:
        found[span.parent].append(span)
    return found


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for resource in request.resource_spans:
        named = {each.key: each.value.string_value for each in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Span(
                    process=named["service.name"],
                    name=span.name,
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    attributes={
                        each.key: getattr(each.value, each.value.WhichOneof("value") or "string_value")
                        for each in span.attributes
                    },
                    events=str(span.events),
                    status=str(span.status),
                )
