"""A product: what is told and shown of it. How many there are is its stock's business."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Self, TypedDict
from uuid import UUID

from catalog_service.domain.events import ProductChanged, ProductCreated, ProductDeleted


class ProductFields(TypedDict, total=False):
    """What an admin may set; what is absent stays."""

    name: str
    price: Decimal
    category_id: UUID | None
    sku: str | None
    slug: str
    description: str
    attributes: dict[str, str]
    image_urls: list[str]
    is_active: bool


@dataclass(slots=True, kw_only=True)
class Product:
    id: UUID
    name: str
    slug: str
    price: Decimal
    currency: str
    created_at: datetime
    updated_at: datetime
    category_id: UUID | None = None
    sku: str | None = None
    description: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    image_urls: list[str] = field(default_factory=list)
    is_active: bool = True
    version: int = 1

    @classmethod
    def create(
        cls, product_id: UUID, fields: ProductFields, *, slug: str, currency: str, now: datetime
    ) -> tuple[Self, ProductCreated]:
        given: dict[str, Any] = {**fields, "slug": slug}
        product = cls(id=product_id, currency=currency, created_at=now, updated_at=now, **given)
        return product, ProductCreated(product)

    def change(self, fields: ProductFields, now: datetime) -> ProductChanged | None:
        """None if it is like that already."""
        changed = {name: value for name, value in fields.items() if getattr(self, name) != value}
        if not changed:
            return None
        for name, value in changed.items():
            setattr(self, name, value)
        self.version += 1
        self.updated_at = now
        return ProductChanged(self)

    def delete(self, now: datetime) -> ProductDeleted:
        """A deletion is a version too: whoever hears of an older one later knows that it is over."""
        self.category_id = None
        self.is_active = False
        self.version += 1
        self.updated_at = now
        return ProductDeleted(self.id, self.version)
