"""Bodies of responses about orders."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.http.fields import Money, Timestamp
from order_service.domain.order import Order
from order_service.domain.status import Status
from order_service.schemas.payments import PaymentResponse, payment_response

ITEM: dict[str, Any] = {
    "product_id": "0199f39f-5c1d-7d0e-b7a2-3e9f4c5d6a7b",
    "name": "Desk lamp",
    "unit_price": "19.99",
    "quantity": 2,
    "line_total": "39.98",
}
ORDER: dict[str, Any] = {
    "id": "0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e",
    "user_id": "0199f3a1-02b4-7a55-8f39-6d1c1b8e2f10",
    "username": "ada",
    "status": "awaiting_payment",
    "items": [ITEM],
    "total": "39.98",
    "currency": "EUR",
    "delivery_address": "1 Quiet Lane, Oxford",
    "comment": "Ring twice.",
    "status_reason": None,
    "payment": None,
    "reserved_until": "2026-03-01T12:15:00.250000Z",
    "version": 2,
    "created_at": "2026-03-01T12:00:00.000000Z",
    "updated_at": "2026-03-01T12:00:00.250000Z",
}


class OrderItem(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": ITEM})

    product_id: UUID
    name: str
    unit_price: Money
    quantity: int
    line_total: Money


class OrderResponse(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": ORDER})

    id: UUID
    user_id: UUID
    username: str
    status: Status
    items: list[OrderItem]
    total: Money
    currency: str
    delivery_address: str | None
    comment: str | None
    status_reason: str | None = Field(description="For a rejected order: which products lack how many.")
    payment: PaymentResponse | None = Field(
        description="The one that is open or has succeeded, else the last one; null before the first payment."
    )
    reserved_until: Timestamp | None = Field(description="While it awaits payment: until when its stock is held.")
    version: int
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None = Field(
        default=None,
        description="Only admins still see an order that its owner deleted.",
        exclude_if=lambda moment: moment is None,
    )


def order_response(order: Order) -> dict[str, Any]:
    """An order as the reads give it."""
    items = [
        {
            "product_id": line.product_id,
            "name": line.name,
            "unit_price": line.unit_price,
            "quantity": line.quantity,
            "line_total": line.total,
        }
        for line in order.lines
    ]
    return {
        "id": order.id,
        "user_id": order.user_id,
        "username": order.username,
        "status": order.status,
        "items": items,
        "total": order.total,
        "currency": order.currency,
        "delivery_address": order.delivery_address,
        "comment": order.comment,
        "status_reason": order.status_reason,
        "payment": None if order.payment is None else payment_response(order.payment),
        "reserved_until": order.reserved_until,
        "version": order.version,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "deleted_at": order.deleted_at,
    }


class HistoryEntry(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": 2,
                "at": "2026-03-01T12:00:00.250000Z",
                "actor": "catalog",
                "from": "pending",
                "to": "awaiting_payment",
                "reason": None,
            }
        }
    )

    version: int
    at: Timestamp
    actor: str = Field(description="`user:<id>`, `admin:<id>`, or the part of the shop that did it, e.g. `catalog`.")
    from_: Status | None = Field(alias="from", description="null where the order began")
    to: Status
    reason: str | None
