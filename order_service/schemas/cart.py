"""Bodies about the cart."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.http.fields import Body, Money
from order_service.domain.cart import Cart
from order_service.domain.products import MAX_QUANTITY

PRODUCT_ID = "0199f39f-5c1d-7d0e-b7a2-3e9f4c5d6a7b"
LINE: dict[str, Any] = {
    "product_id": PRODUCT_ID,
    "name": "Desk lamp",
    "unit_price": "19.99",
    "quantity": 2,
    "line_total": "39.98",
    "is_available": True,
}
CART: dict[str, Any] = {"items": [LINE], "total": "39.98", "currency": "EUR", "version": 3}

Quantity = Annotated[int, Field(ge=1, le=MAX_QUANTITY, strict=True)]


class CartItemCreate(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"product_id": PRODUCT_ID, "quantity": 2}})

    product_id: UUID
    quantity: Quantity = 1


class CartItemUpdate(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"quantity": 3}})

    quantity: Annotated[Quantity, Field(description="How many there are to be, whatever there were.")]


class CartItemResponse(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": LINE})

    product_id: UUID
    name: str = Field(description="The product's present name; the last one, where the catalog has it no more.")
    unit_price: Money | None = Field(description="The present one; null where the catalog has the product no more.")
    quantity: int
    line_total: Money | None
    is_available: bool = Field(description="Whether it can be ordered: it is in the catalog, and on sale.")


class CartResponse(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": CART})

    items: list[CartItemResponse] = Field(description="In the order in which they were put in.")
    total: Money | None = Field(
        description="Of the available items alone. "
        "null in the one case that the catalog has changed a product to another currency than the others'."
    )
    currency: str | None = Field(description="null while nothing in the cart has a price.")
    version: int = Field(description="0 until something is put in. Prices change without it.")


def cart_response(cart: Cart) -> dict[str, Any]:
    items = [
        {
            "product_id": line.product_id,
            "name": line.name,
            "unit_price": line.unit_price,
            "quantity": line.quantity,
            "line_total": line.total,
            "is_available": line.is_available,
        }
        for line in cart.lines.values()
    ]
    return {"items": items, "total": cart.total, "currency": cart.currency, "version": cart.version}
