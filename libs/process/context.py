"""What the request or event being handled is called, for every log line and event that it causes."""

from contextvars import ContextVar

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="-")
