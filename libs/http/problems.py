"""Errors as `application/problem+json` (RFC 9457): one table, one shape, and nothing of the inside in it."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from libs.database.errors import is_data_error, is_transient
from libs.errors import DomainError, ErrorKind, FieldError, InvalidValue, Unavailable
from libs.http.metrics import METHODS
from libs.observability.context import correlation_id

log = structlog.stdlib.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
STATUS = {
    ErrorKind.INVALID: 422,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.PAYMENT: 402,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.STALE: 412,
    ErrorKind.TOO_LARGE: 413,
    ErrorKind.TOO_MANY: 429,
    ErrorKind.UNAVAILABLE: 503,
}
RETRY_AFTER_OUTAGE = 5


class ValidationFailed(DomainError):
    """The request does not have the form that this endpoint takes."""

    kind = ErrorKind.INVALID
    code = "validation_error"


UNREADABLE = FieldError("body", "must be the JSON or the form that its Content-Type says")


def problem(
    request: Request,
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    body: dict[str, Any] = {
        "type": f"urn:shop:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "code": code,
        "request_id": correlation_id.get(),
    }
    if errors:
        body["errors"] = [error._asdict() for error in errors]
    # ASCII, because a client's own words may stand in it and need not be valid Unicode.
    content = json.dumps(body, ensure_ascii=True)
    return Response(content, status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def problem_response(request: Request, refusal: DomainError) -> Response:
    headers: dict[str, str] = {}
    if refusal.kind is ErrorKind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    elif refusal.kind in (ErrorKind.UNAVAILABLE, ErrorKind.TOO_MANY):
        headers["Retry-After"] = str(RETRY_AFTER_OUTAGE)
    errors = refusal.errors
    if refusal.kind is ErrorKind.INVALID and not errors:
        # Clients read the reasons of every 422 in one place, also where no single field is to blame.
        errors = [FieldError("request", refusal.detail)]
    return problem(
        request,
        STATUS[refusal.kind],
        refusal.code,
        refusal.title(),
        refusal.detail,
        errors=errors,
        headers=headers,
    )


def install_problem_handlers(app: FastAPI) -> None:
    @app.exception_handler(DomainError)
    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, DomainError)  # noqa: S101 - Starlette calls it for nothing else.
        return problem_response(request, error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - the same.
        errors = [FieldError(_path(item["loc"]), str(item["msg"])) for item in error.errors()]
        return problem_response(request, ValidationFailed("See `errors` for each field.", errors=errors))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - the same.
        if isinstance(error.__cause__, DomainError):
            # FastAPI wraps whatever goes wrong while it reads a body.
            return problem_response(request, error.__cause__)
        if error.status_code == HTTPStatus.BAD_REQUEST:
            # The framework found a body that is not the JSON or the form it claims to be.
            return problem_response(request, ValidationFailed("The body cannot be read.", errors=[UNREADABLE]))
        status = HTTPStatus(error.status_code)
        code = status.phrase.lower().replace(" ", "_").replace("-", "_")
        headers = {"Allow": _allowed(request)} if status is HTTPStatus.METHOD_NOT_ALLOWED else error.headers
        return problem(request, status, code, status.phrase, status.description, headers=headers)


def unhandled_error_response(request: Request, error: Exception) -> Response:
    """The answer to what nobody caught: an outage is 503, a value that PostgreSQL cannot hold 422, the rest 500."""
    if is_transient(error):
        log.warning("dependency_unavailable", error=repr(error))
        refusal: DomainError = Unavailable("The database does not answer; try again shortly.")
        return problem_response(request, refusal)
    if is_data_error(error):
        log.warning("unusable_value", error=repr(error))
        return problem_response(request, InvalidValue("A value is out of the range that can be stored."))
    log.error("internal_error", exc_info=error)
    return problem(
        request, 500, "internal_error", "Internal error", "The failure has been logged under this request id."
    )


def _allowed(request: Request) -> str:
    """Of the whole path, where Starlette names the methods of the first route alone."""

    def is_served(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)

    return ", ".join(method for method in sorted(METHODS) if is_served(method))


def _path(location: tuple[int | str, ...]) -> str:
    """`("body", "items", 0, "quantity")` as `items.0.quantity`; where it came from matters to no client."""
    inner = location[1:] if len(location) > 1 else location
    return ".".join(str(part) for part in inner)
