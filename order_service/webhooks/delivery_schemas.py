"""Bodies about deliveries to webhooks."""

import json
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.http.fields import Timestamp
from order_service.webhooks.delivery import MAX_RESPONSE_BYTES, DeliveryStatus

ATTEMPT: dict[str, Any] = {
    "number": 1,
    "at": "2026-03-01T12:05:00.431000Z",
    "status_code": 503,
    "duration_ms": 231,
    "error": None,
    "response": "Down for maintenance",
}
DELIVERY: dict[str, Any] = {
    "id": "0199f3b2-7f8e-7c3b-9d8e-4a1f0c2b6d5e",
    "webhook_id": "0199f3b1-5c1d-7d0e-b7a2-3e9f4c5d6a7b",
    "event_id": "0199f3b2-02b4-7a55-8f39-6d1c1b8e2f10",
    "type": "order.paid",
    "subject": "0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e",
    "status": "pending",
    "attempt_count": 1,
    "next_attempt_at": "2026-03-01T12:05:05.320000Z",
    "version": 3,
    "created_at": "2026-03-01T12:05:00.200000Z",
    "settled_at": None,
}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": DELIVERY["event_id"],
    "source": "/order",
    "type": DELIVERY["type"],
    "subject": DELIVERY["subject"],
    "time": "2026-03-01T12:05:00.100000Z",
    "datacontenttype": "application/json",
    "sequence": "3",
    "correlationid": "0199f3b2-01a0-7c11-8e01-0a9b8c7d6e5f",
    "data": {"id": DELIVERY["subject"], "status": "paid", "total": "39.98", "currency": "EUR", "version": 3},
}


class AttemptResponse(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": ATTEMPT})

    number: int
    at: Timestamp = Field(description="When it ended.")
    status_code: int | None
    duration_ms: int
    error: str | None = Field(description="Why there is no status code.")
    response: str | None = Field(description=f"The first {MAX_RESPONSE_BYTES} bytes of the response's body.")


class DeliveryResponse(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": DELIVERY})

    id: UUID
    webhook_id: UUID
    event_id: UUID = Field(description="Sent as `webhook-id`, the same with each attempt.")
    type: str
    subject: UUID = Field(description="The aggregate that the event is about.")
    status: DeliveryStatus = Field(description="`failed`: it is not tried again, unless it is resent.")
    attempt_count: int = Field(description="Including the one in progress.")
    next_attempt_at: Timestamp | None
    version: int
    created_at: Timestamp
    settled_at: Timestamp | None


class DeliveryDetailResponse(DeliveryResponse):
    model_config = ConfigDict(json_schema_extra={"example": {**DELIVERY, "event": EVENT, "attempts": [ATTEMPT]}})

    event: dict[str, Any] = Field(description="What is sent.")
    attempts: list[AttemptResponse] = Field(description="The newest first, at most a hundred.")


def to_response(row: dict[str, Any]) -> dict[str, Any]:
    """With its attempts."""
    attempts = [{**attempt, "duration_ms": round(attempt["seconds"] * 1000)} for attempt in row["attempts"]]
    return {**row, "event": json.loads(row["body"]), "attempts": attempts}
