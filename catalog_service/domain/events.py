"""What can happen in the catalog that others are told of."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:  # The product returns facts and facts hold the product.
    from catalog_service.domain.product import Product
    from catalog_service.domain.stock_allocation import Shortage


@dataclass(frozen=True, slots=True)
class ProductCreated:
    product: "Product"


@dataclass(frozen=True, slots=True)
class ProductChanged:
    product: "Product"


@dataclass(frozen=True, slots=True)
class ProductDeleted:
    product_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class StockReserved:
    """Everything that this version of an order wants is kept for it."""

    order_id: UUID
    order_version: int


@dataclass(frozen=True, slots=True)
class StockRejected:
    """Something that this version of an order wants is not there, so nothing is kept for it."""

    order_id: UUID
    order_version: int
    shortages: tuple["Shortage", ...]


StockResult = StockReserved | StockRejected
DomainEvent = ProductCreated | ProductChanged | ProductDeleted | StockResult
