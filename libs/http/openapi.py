"""Documenting refusals: what an endpoint can answer beside its success."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict

from libs.errors import DomainError, Unavailable, VersionConflict
from libs.http.problems import MEDIA_TYPE, STATUS, ValidationFailed
from libs.http.request_middleware import BodyTooLarge
from libs.http.security import ADMIN, SCHEME
from libs.idempotency.keys import IdempotencyKeyReused, RequestInProgress
from libs.idempotency.route import HEADER, REPLAYABLE_STATUSES, REPLAYED
from libs.tokens.principal import Forbidden, InvalidToken, NotAuthenticated, UserInactive


class FieldProblem(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {"field": "price", "message": "Input should be positive"}})

    field: str
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 shapes it. Branch on `code`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:shop:problem:validation_error",
                "title": "The request does not have the form that this endpoint takes",
                "status": 422,
                "detail": "See `errors` for each field.",
                "instance": "/api/v1/product",
                "code": "validation_error",
                "request_id": "0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e",
                "errors": [{"field": "price", "message": "Decimal input should have no more than 2 decimal places"}],
            }
        }
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[FieldProblem] | None = None


SEPARATOR = " · "
REFERENCE = {"$ref": "#/components/schemas/Problem"}
REPLAYED_HEADER = {
    "description": "Nothing was done: this was the answer to the first request with the idempotency key.",
    "schema": {"type": "string", "enum": ["true"]},
}


def error_responses(*refusals: type[DomainError]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an endpoint that may refuse so; a malformed request and an outage are always possible.

    What `add_implied_responses` finds by itself (401, 403, 412, 413 and an idempotency key's of the usual kind) need
    not be named.
    """
    by_status: dict[int | str, dict[str, Any]] = {}
    possible: tuple[type[DomainError], ...] = (*refusals, ValidationFailed, Unavailable)
    for refusal in possible:
        _add(by_status, STATUS[refusal.kind], refusal)
        by_status[STATUS[refusal.kind]]["model"] = Problem
    return by_status


def add_implied_responses(document: dict[str, Any]) -> None:
    """Adds what follows from an operation's own form: who may call it, conditions, keys, and a body with its limit.

    Adding it once more changes nothing.
    """
    for item in document["paths"].values():
        for operation in item.values():
            responses = operation["responses"]
            for refusal in _implied_errors(operation):
                _add(responses, str(STATUS[refusal.kind]), refusal)
            for response in responses.values():
                if MEDIA_TYPE in response.get("content", {}):
                    response["content"] = {MEDIA_TYPE: {"schema": REFERENCE}}
            if _takes(operation, HEADER):
                for status in responses.keys() & {str(status) for status in REPLAYABLE_STATUSES}:
                    responses[status].setdefault("headers", {})[REPLAYED] = REPLAYED_HEADER
            operation["responses"] = dict(sorted(responses.items()))


def _implied_errors(operation: dict[str, Any]) -> Iterator[type[DomainError]]:
    scopes = [scope for requirement in operation.get("security", ()) for scope in requirement.get(SCHEME, ())]
    if any(SCHEME in requirement for requirement in operation.get("security", ())):
        yield from (NotAuthenticated, InvalidToken, UserInactive)
    if ADMIN in scopes:
        yield Forbidden
    if _takes(operation, "if-match"):
        yield VersionConflict
    if _takes(operation, HEADER):
        yield from (IdempotencyKeyReused, RequestInProgress)
    if "requestBody" in operation:
        yield BodyTooLarge


def _takes(operation: dict[str, Any], header: str) -> bool:
    return any(parameter["name"] == header for parameter in operation.get("parameters", ()))


def _add(responses: dict[Any, dict[str, Any]], status: int | str, refusal: type[DomainError]) -> None:
    line = f"`{refusal.code}` {refusal.title()}"
    response = responses.setdefault(status, {"description": "", "content": {MEDIA_TYPE: {}}})
    known = response["description"].split(SEPARATOR) if response["description"] else []
    if line not in known:
        response["description"] = SEPARATOR.join((*known, line))
