"""What the request or event being handled is called, for every log line and event that it causes."""

import re
import secrets
from contextvars import ContextVar

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="-")
traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""The same for tracing tools, as W3C Trace Context writes it: version, trace, parent, flags."""

TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
NOT_SAMPLED = "00"


def trace_of(given: str | None) -> str:
    """The trace that a caller has begun, or a new one that nobody records yet."""
    if given is not None and TRACEPARENT.fullmatch(given):
        return given
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-{NOT_SAMPLED}"
