"""What the request or event being handled is called, for every log line and event that it causes."""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from random import getrandbits
from types import MappingProxyType
from uuid import UUID

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="-")
traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""The same for tracing tools, as W3C Trace Context writes it: version, trace, parent, flags."""

user_id: ContextVar[str | None] = ContextVar("user_id", default=None)
"""Who asked, or whom the event is about."""

event_id: ContextVar[str | None] = ContextVar("event_id", default=None)


@dataclass(frozen=True, slots=True)
class TraceContext:
    """What something was done because of."""

    correlation_id: str
    traceparent: str | None = None


Subject = UUID | tuple[UUID, int]
"""An aggregate, or that at one of its versions."""

trace_contexts: ContextVar[Mapping[Subject, TraceContext]] = ContextVar("causes", default=MappingProxyType({}))
"""Where several events are handled together: the cause of what is done, by what it is done to."""

TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
NOT_SAMPLED = "00"


def trace_of(given: str | None) -> str:
    """The trace that a caller has begun, or a new one that nobody records yet."""
    if given and TRACEPARENT.fullmatch(given):
        return given
    # Names, not secrets: the operating system's randomness would cost each request two calls of it.
    return f"00-{getrandbits(128):032x}-{getrandbits(64):016x}-{NOT_SAMPLED}"


def trace_context_of(subject: UUID, version: int) -> TraceContext:
    """Why something happens to `subject` just now: what happened to it at that version, or else at the newest."""
    known = trace_contexts.get()
    return known.get((subject, version)) or known.get(subject) or TraceContext(correlation_id.get(), traceparent.get())


def log_fields() -> dict[str, str]:
    """What a log line says of its cause."""
    told = {"request_id": correlation_id.get()}
    if (trace := traceparent.get()) is not None:
        told["trace_id"] = trace[3:35]
    if (user := user_id.get()) is not None:
        told["user_id"] = user
    if (event := event_id.get()) is not None:
        told["event_id"] = event
    return told
