"""What order_service knows of the catalog's products, and the lines of an order that are made from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from libs.errors import InvalidValue
from order_service.exceptions import CurrencyMismatch, ProductNotFound, ProductUnavailable

MAX_LINES = 100
MAX_QUANTITY = 999


@dataclass(frozen=True, slots=True)
class Product:
    """A product at one of its versions."""

    id: UUID
    name: str
    price: Decimal
    currency: str
    is_active: bool
    version: int


@dataclass(frozen=True, slots=True)
class Line:
    """One product of an order. Name and price are those of the moment of ordering."""

    product_id: UUID
    name: str
    unit_price: Decimal
    quantity: int

    @property
    def total(self) -> Decimal:
        return self.unit_price * self.quantity


@dataclass(frozen=True, slots=True)
class PricedItems:
    """Lines in one currency: what an order is made from."""

    lines: tuple[Line, ...]
    currency: str

    @property
    def total(self) -> Decimal:
        return sum((line.total for line in self.lines), Decimal(0))


def price_items(wanted: Mapping[UUID, int], known: Mapping[UUID, Product | None]) -> PricedItems:
    """The lines that these quantities make at the products' present names and prices, in the order given."""
    if not 1 <= len(wanted) <= MAX_LINES or not all(1 <= quantity <= MAX_QUANTITY for quantity in wanted.values()):
        raise InvalidValue(f"An order has 1 to {MAX_LINES} lines of 1 to {MAX_QUANTITY} each.")
    products = [product for product_id in wanted if (product := known.get(product_id)) is not None]
    found = {product.id for product in products}
    if missing := [str(product_id) for product_id in wanted if product_id not in found]:
        raise ProductNotFound(f"The catalog has no product {', '.join(missing)}.")
    if inactive := [str(product.id) for product in products if not product.is_active]:
        raise ProductUnavailable(f"Not on sale at the moment: {', '.join(inactive)}.")
    currencies = sorted({product.currency for product in products})
    if len(currencies) > 1:
        raise CurrencyMismatch(f"The products are priced in {' and '.join(currencies)}; order them separately.")
    lines = tuple(Line(product.id, product.name, product.price, wanted[product.id]) for product in products)
    return PricedItems(lines, currencies[0])
