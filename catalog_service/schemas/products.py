"""Products."""

from typing import Annotated, Any, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from catalog_service.domain.product import Product, ProductFields
from catalog_service.domain.stock import Stock
from catalog_service.schemas.categories import LINK, CategoryLink
from catalog_service.schemas.fields import Attributes, Description, ImageUrls, Name, Quantity, Sku, Slug
from libs.http.fields import Amount, Body, Money, NotNull, Timestamp

NEW: dict[str, Any] = {
    "name": "Kettle “Nimbus”",
    "price": "39.90",
    "category_id": LINK["id"],
    "sku": "KET-0017",
    "description": "Boils a litre in two minutes.",
    "attributes": {"colour": "red", "volume": "1 l"},
    "image_urls": ["/media/kettle.png"],
}
PRODUCT: dict[str, Any] = {
    **NEW,
    "id": "0199f3a4-9a40-7d02-a2f5-0c8c63d94c11",
    "slug": "kettle-nimbus",
    "currency": "EUR",
    "available": 17,
    "in_stock": True,
    "is_active": True,
    "version": 1,
    "created_at": "2026-01-31T09:30:00.000000Z",
    "updated_at": "2026-01-31T09:30:00.000000Z",
}


class ProductCreate(Body):
    model_config = ConfigDict(json_schema_extra={"example": {**NEW, "stock": 17}})

    name: Name
    price: Amount
    category_id: UUID | None = None
    sku: Sku | None = None
    slug: Annotated[Slug | None, NotNull] = Field(default=None, description="Made from the name if it is left out.")
    description: Description = ""
    attributes: Attributes = Field(default_factory=dict)
    image_urls: ImageUrls = Field(default_factory=list)
    is_active: bool = Field(default=True, description="Products that are not active are shown to admins alone.")
    stock: Quantity = 0

    @property
    def fields(self) -> ProductFields:
        return cast("ProductFields", self.model_dump(exclude={"stock"}, exclude_unset=True))


class ProductUpdate(Body):
    """Any of these; what is left out stays. Attributes and images are replaced as a whole."""

    model_config = ConfigDict(json_schema_extra={"example": {"price": "34.90", "is_active": True}})

    name: Annotated[Name | None, NotNull] = None
    price: Annotated[Amount | None, NotNull] = None
    category_id: UUID | None = Field(default=None, description="null takes it out of its category.")
    sku: Sku | None = Field(default=None, description="null takes it away.")
    slug: Annotated[Slug | None, NotNull] = None
    description: Annotated[Description | None, NotNull] = None
    attributes: Annotated[Attributes | None, NotNull] = None
    image_urls: Annotated[ImageUrls | None, NotNull] = None
    is_active: Annotated[bool | None, NotNull] = None

    @property
    def fields(self) -> ProductFields:
        return cast("ProductFields", self.model_dump(exclude_unset=True))


class ProductResponse(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": PRODUCT})

    id: UUID
    sku: str | None
    name: str
    slug: str
    description: str
    price: Money
    currency: str
    category_id: UUID | None
    attributes: dict[str, str]
    image_urls: list[str]
    available: int = Field(description="How many can be ordered now.")
    in_stock: bool
    is_active: bool
    version: int
    created_at: Timestamp
    updated_at: Timestamp


class ProductWithCategory(ProductResponse):
    model_config = ConfigDict(json_schema_extra={"example": {**PRODUCT, "category": LINK}})

    category: CategoryLink


def show(product: Product, stock: Stock) -> dict[str, Any]:
    fields = {name: getattr(product, name) for name in ProductResponse.model_fields if hasattr(product, name)}
    return {**fields, "available": stock.available, "in_stock": stock.available > 0}


def with_category(row: dict[str, Any]) -> dict[str, Any]:
    category = {name: row[f"category_{name}"] for name in CategoryLink.model_fields}
    return {**row, "category": category}
