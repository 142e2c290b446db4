"""Catalog's answers: whether it holds an order's products, and why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Shortage:
    product_id: UUID
    wanted: int
    available: int


@dataclass(frozen=True, slots=True)
class StockResult:
    """To one version of an order."""

    order_id: UUID
    order_version: int
    shortages: tuple[Shortage, ...] = ()
    """None: all of it is held."""


def describe(shortages: Sequence[Shortage], names: Mapping[UUID, str]) -> str:
    """One sentence for the customer: which products lack how many."""
    return "Not enough in stock: " + "; ".join(
        f"{names.get(shortage.product_id, shortage.product_id)}: "
        f"{shortage.wanted} wanted, {shortage.available} available"
        for shortage in shortages
    )
