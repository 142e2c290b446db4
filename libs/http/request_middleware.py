"""What surrounds every request: its id, its log line, its measurements and the limit of its body.

One plain ASGI middleware, because each further layer costs every request, and because a request must not be cancelled
between its commit and its response, as Starlette's `BaseHTTPMiddleware` does when a client goes away.
"""

import re
import time
from collections.abc import Mapping, MutableMapping
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.errors import DomainError, ErrorKind
from libs.http.metrics import observe
from libs.http.problems import problem_response
from libs.observability.context import correlation_id, traceparent, user_id
from libs.observability.logs import Log
from libs.observability.tracing import current_or_new_trace
from libs.process.ids import new_id_text

log = Log("http")

MAX_BODY = 1024 * 1024
REQUEST_ID = "X-Request-ID"
WELL_FORMED_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
# Of what a client may send, in a log line.
MAX_LOGGED_PATH = 300
# Asked for by machines, every few seconds.
QUIET = ("/health/", "/metrics")


class BodyTooLarge(DomainError):
    """The body is larger than this service takes."""

    kind = ErrorKind.TOO_LARGE
    code = "body_too_large"


class RequestContextMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = given if WELL_FORMED_ID.fullmatch(given) else new_id_text()
        shown_id = (b"x-request-id", request_id.encode())
        # Nothing resets it: a server handles each request in a context of its own.
        correlation_id.set(request_id)
        traceparent.set(current_or_new_trace(headers.get(b"traceparent", b"").decode("latin-1")))
        user_id.set(None)
        _strip_trailing_slash(scope)

        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], shown_id]
            await send(message)

        try:
            if _announced_length(headers) > MAX_BODY:
                # At once, since not every endpoint would read it.
                await problem_response(Request(scope), _too_large())(scope, receive, send_with_id)
            else:
                await self._app(scope, _limited(receive), send_with_id)
        finally:
            _log_request(scope, status, time.perf_counter() - started)


def _strip_trailing_slash(scope: MutableMapping[str, Any]) -> None:
    path: str = scope["path"]
    if len(path) > 1 and path.endswith("/"):
        scope["path"] = path[:-1]


def _announced_length(headers: Mapping[bytes, bytes]) -> int:
    announced = headers.get(b"content-length", b"")
    return int(announced) if announced.isdigit() else 0


def _limited(receive: Receive) -> Receive:
    """A `receive` that refuses a body as soon as more than `MAX_BODY` of it has arrived."""
    seen = 0

    async def receive_limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY:
            raise _too_large()
        return message

    return receive_limited


def _too_large() -> BodyTooLarge:
    return BodyTooLarge(f"A body may have at most {MAX_BODY} bytes.")


def is_quiet(scope: MutableMapping[str, Any]) -> bool:
    path: str = scope["path"]
    return path.startswith(QUIET)


def _log_request(scope: Scope, status: int, seconds: float) -> None:
    route = scope.get("route")
    template = getattr(route, "path", "unmatched")
    observe(scope["method"], template, status, seconds)
    if not is_quiet(scope):
        log.info(
            "request",
            method=scope["method"],
            path=scope["path"][:MAX_LOGGED_PATH],
            route=template,
            status=status,
            ms=round(seconds * 1000, 2),
        )
