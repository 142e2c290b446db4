"""What a list of products is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class Sort(StrEnum):
    NEWEST = "newest"
    CHEAPEST = "price"
    DEAREST = "-price"
    NAME = "name"
    BEST_MATCH = "best_match"


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """None: whatever it is. `attributes`: one of these sets of attributes must be among the product's."""

    category_id: UUID | None = None
    q: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock: bool | None = None
    attributes: Sequence[dict[str, str]] = ()
    is_active: bool = True
    sort: Sort = Sort.NEWEST
