"""Documenting refusals: what an endpoint can answer beside its success."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from libs.http.problems import MEDIA_TYPE, STATUS, ValidationFailed
from libs.refusals import Refusal, Unavailable


class FieldProblem(BaseModel):
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


def refusing(*refusals: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an endpoint that may refuse so; a malformed request and an outage are always possible."""
    by_status: dict[int, list[type[Refusal]]] = {}
    possible: tuple[type[Refusal], ...] = (*refusals, ValidationFailed, Unavailable)
    for refusal in possible:
        by_status.setdefault(STATUS[refusal.kind], []).append(refusal)
    return {
        status: {
            "model": Problem,
            "description": " · ".join(f"`{refusal.code}` {refusal.title()}" for refusal in group),
            "content": {MEDIA_TYPE: {}},
        }
        for status, group in sorted(by_status.items())
    }
