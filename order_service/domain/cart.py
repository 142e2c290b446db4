"""The cart: what a customer means to buy, at the catalog's present prices."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from libs.errors import InvalidValue
from order_service.domain.products import MAX_LINES, MAX_QUANTITY, PricedItems, Product, price_items
from order_service.exceptions import (
    CartEmpty,
    CartFull,
    CartLineFull,
    CartLineNotFound,
    CurrencyMismatch,
    ProductUnavailable,
)


@dataclass(frozen=True, slots=True)
class CartLine:
    product_id: UUID
    name: str
    """The product's, or, once it is gone, its last one that the cart knows."""
    quantity: int
    product: Product | None
    """As it is at present; None: it is gone."""

    @property
    def is_available(self) -> bool:
        return self.product is not None and self.product.is_active

    @property
    def unit_price(self) -> Decimal | None:
        return None if self.product is None else self.product.price

    @property
    def total(self) -> Decimal | None:
        return None if self.product is None else self.product.price * self.quantity


@dataclass(slots=True)
class Cart:
    """Its methods refuse, or change it and raise its version by one.

    A product that leaves the catalog stays in the carts that it is in, so that nothing vanishes without a word; it
    does not count in the total, and the cart cannot be ordered with it.
    """

    user_id: UUID
    version: int = 0
    """0: nothing was ever put into it."""
    lines: dict[UUID, CartLine] = field(default_factory=dict)
    """By product, in the order in which they came."""

    @property
    def currency(self) -> str | None:
        """None where no line has a price, or the catalog has come to price them in several."""
        currencies = self._currencies()
        return currencies.pop() if len(currencies) == 1 else None

    @property
    def total(self) -> Decimal | None:
        """Of what is available; None where that cannot be added up."""
        if len(self._currencies()) > 1:
            return None
        return sum((line.total or Decimal(0) for line in self.lines.values() if line.is_available), Decimal(0))

    def add(self, product: Product, quantity: int) -> None:
        """Grows the product's line where there is one."""
        if not product.is_active:
            raise ProductUnavailable(f"Not on sale at the moment: {product.name} ({product.id}).")
        if others := self._currencies() - {product.currency}:
            raise CurrencyMismatch(
                f"{product.name} is priced in {product.currency}, the cart in {' and '.join(sorted(others))}; "
                "order them separately."
            )
        line = self.lines.get(product.id)
        if line is None and len(self.lines) >= MAX_LINES:
            raise CartFull(f"A cart takes {MAX_LINES} products.")
        if line is not None and line.quantity + quantity > MAX_QUANTITY:
            raise CartLineFull(f"A line takes {MAX_QUANTITY}, and there are {line.quantity} of {product.name} already.")
        held = 0 if line is None else line.quantity
        self.lines[product.id] = CartLine(product.id, product.name, _checked(held + quantity), product)
        self.version += 1

    def change(self, product_id: UUID, quantity: int) -> bool:
        """Whether that changed anything."""
        line = self._line(product_id)
        if line.quantity == quantity:
            return False
        self.lines[product_id] = replace(line, quantity=_checked(quantity))
        self.version += 1
        return True

    def remove(self, product_id: UUID) -> None:
        del self.lines[self._line(product_id).product_id]
        self.version += 1

    def empty(self) -> bool:
        """Whether that changed anything."""
        if not self.lines:
            return False
        self.lines = {}
        self.version += 1
        return True

    def check_out(self) -> PricedItems:
        """Empties it into an offer that an order is made from; all of it or nothing."""
        if not self.lines:
            raise CartEmpty("Put something into the cart first.")
        if missing := [f"{line.name} ({line.product_id})" for line in self.lines.values() if not line.is_available]:
            raise ProductUnavailable(f"Not on sale at the moment: {', '.join(missing)}.")
        offer = price_items(
            {line.product_id: line.quantity for line in self.lines.values()},
            {line.product_id: line.product for line in self.lines.values()},
        )
        self.empty()
        return offer

    def _line(self, product_id: UUID) -> CartLine:
        line = self.lines.get(product_id)
        if line is None:
            raise CartLineNotFound(f"The cart has no product {product_id}.")
        return line

    def _currencies(self) -> set[str]:
        return {line.product.currency for line in self.lines.values() if line.product is not None}


def _checked(quantity: int) -> int:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise InvalidValue(f"A line has 1 to {MAX_QUANTITY}.")
    return quantity
