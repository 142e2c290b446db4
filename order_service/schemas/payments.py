"""Bodies about payments."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from libs.http.fields import Body, Money, Text, Timestamp
from order_service.domain.payment import Payment, PaymentStatus

PAYMENT: dict[str, Any] = {
    "id": "0199f3a6-2a31-7b0c-8d77-5b1f9a0c3e42",
    "status": "succeeded",
    "method": "card",
    "amount": "39.98",
    "currency": "EUR",
    "provider_reference": "mock_0199f3a62a407d5e",
    "reason": None,
    "created_at": "2026-03-01T12:01:00.000000Z",
}


class PaymentCreate(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"method": "card", "token": "tok_ok"}})

    method: Literal["card"] = "card"
    token: Annotated[
        Text,
        StringConstraints(min_length=1, max_length=255),
        Field(description="What stands for the customer's card at the payment provider."),
    ]


class PaymentResponse(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": PAYMENT})

    id: UUID
    status: PaymentStatus = Field(
        description="`started`: the provider has not answered yet and is asked again. "
        "`refunding`: the money is on its way back."
    )
    method: str
    amount: Money
    currency: str
    provider_reference: str | None
    reason: str | None = Field(description="Why it was declined.")
    created_at: Timestamp


def payment_response(payment: Payment) -> dict[str, Any]:
    return {name: getattr(payment, name) for name in PaymentResponse.model_fields}
