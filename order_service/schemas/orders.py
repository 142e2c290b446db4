"""Bodies of requests and responses about orders."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from libs.http.fields import Body, Given, Moment, Money, Text
from order_service.domain.order import Details, Order
from order_service.domain.products import MAX_LINES, MAX_QUANTITY
from order_service.domain.status import Status

Address = Annotated[Text, StringConstraints(max_length=500)]
Comment = Annotated[Text, StringConstraints(max_length=2000)]

ORDER: dict[str, Any] = {
    "id": "0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e",
    "user_id": "0199f3a1-02b4-7a55-8f39-6d1c1b8e2f10",
    "username": "ada",
    "status": "awaiting_payment",
    "items": [
        {
            "product_id": "0199f39f-5c1d-7d0e-b7a2-3e9f4c5d6a7b",
            "name": "Desk lamp",
            "unit_price": "19.99",
            "quantity": 2,
            "line_total": "39.98",
        }
    ],
    "total": "39.98",
    "currency": "EUR",
    "delivery_address": "1 Quiet Lane, Oxford",
    "comment": "Ring twice.",
    "status_reason": None,
    "payment": None,
    "reserved_until": None,
    "version": 2,
    "created_at": "2026-03-01T12:00:00.000000Z",
    "updated_at": "2026-03-01T12:00:00.250000Z",
}


class OrderItemWanted(Body):
    product_id: UUID
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, strict=True)] = 1


def _each_once(items: list[OrderItemWanted]) -> list[OrderItemWanted]:
    if len({item.product_id for item in items}) < len(items):
        raise ValueError("a product may stand in one line only")
    return items


class OrderPlacing(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [{"product_id": ORDER["items"][0]["product_id"], "quantity": 2}],
                "delivery_address": ORDER["delivery_address"],
                "comment": ORDER["comment"],
            }
        }
    )

    items: Annotated[list[OrderItemWanted], Field(min_length=1, max_length=MAX_LINES), AfterValidator(_each_once)]
    delivery_address: Address | None = None
    comment: Comment | None = None

    @property
    def wanted(self) -> dict[UUID, int]:
        return {item.product_id: item.quantity for item in self.items}

    @property
    def details(self) -> Details:
        return {"delivery_address": self.delivery_address, "comment": self.comment}


class OrderUpdate(Body):
    """What is absent stays as it is; null empties an address or a comment."""

    model_config = ConfigDict(json_schema_extra={"example": {"delivery_address": "2 Quiet Lane, Oxford"}})

    delivery_address: Address | None = None
    comment: Comment | None = None
    status: Annotated[Status | None, Given, Field(description="For admins: `shipped` or `delivered`.")] = None

    @property
    def details(self) -> Details:
        details: Details = {}
        if "delivery_address" in self.model_fields_set:
            details["delivery_address"] = self.delivery_address
        if "comment" in self.model_fields_set:
            details["comment"] = self.comment
        return details


class OrderItem(BaseModel):
    product_id: UUID
    name: str
    unit_price: Money
    quantity: int
    line_total: Money


class OrderOut(BaseModel):
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
    payment: None = Field(default=None, description="How it was paid; null until it is.")
    reserved_until: Moment | None = Field(
        default=None, description="Until when its stock is held; null: no end is set."
    )
    version: int
    created_at: Moment
    updated_at: Moment
    deleted_at: Moment | None = Field(
        default=None,
        description="Only admins still see an order that its owner deleted.",
        exclude_if=lambda moment: moment is None,
    )


def show(order: Order) -> dict[str, Any]:
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
    at: Moment
    actor: str = Field(description="`user:<id>`, `admin:<id>`, or the part of the shop that did it, e.g. `catalog`.")
    from_: Status | None = Field(alias="from", description="null where the order began")
    to: Status
    reason: str | None
