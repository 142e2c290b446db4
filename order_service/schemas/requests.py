"""Bodies of requests about orders."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from libs.http.fields import Body, NotNull, Text
from order_service.domain.order import Details
from order_service.domain.products import MAX_LINES, MAX_QUANTITY
from order_service.domain.status import Status

Address = Annotated[Text, StringConstraints(max_length=500)]
Comment = Annotated[Text, StringConstraints(max_length=2000)]

ITEM: dict[str, Any] = {"product_id": "0199f39f-5c1d-7d0e-b7a2-3e9f4c5d6a7b", "quantity": 2}
ADDRESS = "1 Quiet Lane, Oxford"


class OrderItemCreate(Body):
    model_config = ConfigDict(json_schema_extra={"example": ITEM})

    product_id: UUID
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, strict=True)]


def _each_once(items: list[OrderItemCreate]) -> list[OrderItemCreate]:
    if len({item.product_id for item in items}) < len(items):
        raise ValueError("a product may stand in one line only")
    return items


Items = Annotated[list[OrderItemCreate], Field(min_length=1, max_length=MAX_LINES), AfterValidator(_each_once)]


class OrderCreate(Body):
    model_config = ConfigDict(
        json_schema_extra={"example": {"items": [ITEM], "delivery_address": ADDRESS, "comment": "Ring twice."}}
    )

    items: Annotated[Items | None, NotNull, Field(description="Without them: what is in the cart.")] = None
    delivery_address: Address | None = None
    comment: Comment | None = None

    @property
    def wanted(self) -> dict[UUID, int] | None:
        return None if self.items is None else {item.product_id: item.quantity for item in self.items}

    @property
    def details(self) -> Details:
        return {"delivery_address": self.delivery_address, "comment": self.comment}


class OrderUpdate(Body):
    """What is absent stays as it is; null empties an address or a comment."""

    model_config = ConfigDict(json_schema_extra={"example": {"delivery_address": ADDRESS}})

    items: Annotated[Items | None, NotNull, Field(description="Replace those of the order.")] = None
    delivery_address: Address | None = None
    comment: Comment | None = None
    status: Annotated[Status | None, NotNull, Field(description="For admins: `shipped` or `delivered`.")] = None

    @property
    def wanted(self) -> dict[UUID, int] | None:
        return None if self.items is None else {item.product_id: item.quantity for item in self.items}

    @property
    def details(self) -> Details:
        details: Details = {}
        if "delivery_address" in self.model_fields_set:
            details["delivery_address"] = self.delivery_address
        if "comment" in self.model_fields_set:
            details["comment"] = self.comment
        return details
