"""Units on the shelf, and what moves when the orders that keep or take them change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

Lines = Mapping[UUID, int]


@dataclass(slots=True)
class StockLevel:
    """A product's stock, and whether the product can be ordered at all."""

    on_hand: int
    reserved: int
    is_for_sale: bool

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class StockMovement:
    """By how much a product's numbers change."""

    product_id: UUID
    on_hand: int
    reserved: int

    @property
    def required(self) -> int:
        """How many units are no longer free for others."""
        return self.reserved - self.on_hand


@dataclass(frozen=True, slots=True)
class Shortage:
    product_id: UUID
    wanted: int
    available: int


def movements_between(*, kept: tuple[Lines, Lines], gone: tuple[Lines, Lines]) -> list[StockMovement]:
    """From the first of each pair to the second, for those products alone whose numbers change."""
    products = sorted({product for lines in (*kept, *gone) for product in lines})
    movements = (
        StockMovement(
            product,
            on_hand=gone[0].get(product, 0) - gone[1].get(product, 0),
            reserved=kept[1].get(product, 0) - kept[0].get(product, 0),
        )
        for product in products
    )
    return [movement for movement in movements if movement.on_hand or movement.reserved]


class StockSnapshot:
    """Where orders are followed one after the other, each finds what those before it have left."""

    def __init__(self, products: Mapping[UUID, StockLevel]) -> None:
        self._products = products

    def shortages(
        self, movements: Sequence[StockMovement], wanted: Lines, *, for_sale_only: bool
    ) -> tuple[Shortage, ...]:
        """Which movements take more than is free. Units that the order has already count as available to it."""
        missing = []
        for movement in movements:
            product = self._products.get(movement.product_id)
            quantity = wanted.get(movement.product_id, 0)
            if product is None or (for_sale_only and not product.is_for_sale):
                if movement.required > 0:
                    missing.append(Shortage(movement.product_id, quantity, 0))
            elif movement.required > product.available:
                missing.append(
                    Shortage(movement.product_id, quantity, product.available + quantity - movement.required)
                )
        return tuple(missing)

    def apply(self, movements: Sequence[StockMovement]) -> None:
        for movement in movements:
            product = self._products[movement.product_id]
            product.on_hand += movement.on_hand
            product.reserved += movement.reserved
