"""What catalog_service tells about its products, and its answers about the stock of an order."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from libs.contracts.base import Currency, Event, Money, Quantity, Record, StateEvent, Text, Version


class _ProductEvent(StateEvent):
    source: ClassVar[str] = "/catalog"
    aggregate: ClassVar[str] = "product"


class _ProductState(_ProductEvent):
    sku: Text | None
    slug: Text
    name: Text
    price: Money
    currency: Currency
    category_id: UUID | None
    image_url: Text | None
    is_active: bool


class ProductCreated(_ProductState):
    type: ClassVar[str] = "product.created"


class ProductUpdated(_ProductState):
    type: ClassVar[str] = "product.updated"


class ProductDeleted(_ProductEvent):
    type: ClassVar[str] = "product.deleted"


ProductEvent = ProductCreated | ProductUpdated | ProductDeleted


class Shortage(Record):
    product_id: UUID
    wanted: Quantity
    available: Annotated[int, Field(ge=0)]


class _StockEvent(Event):
    """An answer to one version of an order; there is at most one for each."""

    source: ClassVar[str] = "/catalog"
    aggregate: ClassVar[str] = "reservation"

    order_id: UUID
    order_version: Version

    @property
    def subject(self) -> UUID:
        return self.order_id

    @property
    def sequence(self) -> int:
        return self.order_version


class StockReserved(_StockEvent):
    type: ClassVar[str] = "stock.reserved"


class StockRejected(_StockEvent):
    type: ClassVar[str] = "stock.rejected"

    shortages: Annotated[tuple[Shortage, ...], Field(min_length=1)]


StockEvent = StockReserved | StockRejected
