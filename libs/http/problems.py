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

from libs.database.outages import is_outage, is_unusable_value
from libs.http.metrics import METHODS
from libs.process.context import correlation_id
from libs.refusals import FieldError, InvalidValue, Kind, Refusal, Unavailable

log = structlog.stdlib.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
STATUS = {
    Kind.INVALID: 422,
    Kind.UNAUTHENTICATED: 401,
    Kind.PAYMENT: 402,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.TOO_LARGE: 413,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
}
RETRY_AFTER_OUTAGE = 5


class ValidationFailed(Refusal):
    """The request does not have the form that this endpoint takes."""

    kind = Kind.INVALID
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


def refusal_response(request: Request, refusal: Refusal) -> Response:
    headers: dict[str, str] = {}
    if refusal.kind is Kind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    elif refusal.kind in (Kind.UNAVAILABLE, Kind.TOO_MANY):
        headers["Retry-After"] = str(RETRY_AFTER_OUTAGE)
    errors = refusal.errors
    if refusal.kind is Kind.INVALID and not errors:
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
    @app.exception_handler(Refusal)
    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)  # noqa: S101 - Starlette calls it for nothing else.
        return refusal_response(request, error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - the same.
        errors = [FieldError(_path(item["loc"]), str(item["msg"])) for item in error.errors()]
        return refusal_response(request, ValidationFailed("See `errors` for each field.", errors=errors))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - the same.
        if isinstance(error.__cause__, Refusal):
            # FastAPI wraps whatever goes wrong while it reads a body.
            return refusal_response(request, error.__cause__)
        if error.status_code == HTTPStatus.BAD_REQUEST:
            # The framework found a body that is not the JSON or the form it claims to be.
            return refusal_response(request, ValidationFailed("The body cannot be read.", errors=[UNREADABLE]))
        status = HTTPStatus(error.status_code)
        code = status.phrase.lower().replace(" ", "_").replace("-", "_")
        headers = {"Allow": _allowed(request)} if status is HTTPStatus.METHOD_NOT_ALLOWED else error.headers
        return problem(request, status, code, status.phrase, status.description, headers=headers)


def unexpected_response(request: Request, error: Exception) -> Response:
    """The answer to what nobody caught: an outage is 503, a value that PostgreSQL cannot hold 422, the rest 500."""
    if is_outage(error):
        log.warning("dependency_unavailable", error=repr(error))
        refusal: Refusal = Unavailable("The database does not answer; try again shortly.")
        return refusal_response(request, refusal)
    if is_unusable_value(error):
        log.warning("unusable_value", error=repr(error))
        return refusal_response(request, InvalidValue("A value is out of the range that can be stored."))
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
