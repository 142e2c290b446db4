"""What endpoints read, as contracts. Rows are ready to be shown; nobody changes them."""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from catalog_service.domain.product_filter import ProductFilter

Row = dict[str, Any]


class CategoryQueries(Protocol):
    async def one(self, reference: str) -> Row:
        """By id or slug, with its `ancestors` and `children`. Raises `CategoryNotFound`."""

    async def tree(self, root_id: UUID | None) -> list[Row]:
        """All of them or one subtree, depth first, each with its `product_count`. Raises `CategoryNotFound`."""


class ProductQueries(Protocol):
    async def one(self, reference: str) -> Row:
        """By id or slug. Raises `ProductNotFound`."""

    async def page(
        self, wanted: ProductFilter, *, limit: int, cursor: str | None, with_category: bool = False
    ) -> Sequence[Row]:
        """One more than `limit` where there are more. Raises `CategoryNotFound`, `InvalidCursor`."""

    async def count(self, wanted: ProductFilter) -> int: ...

    def cursor(self, wanted: ProductFilter, row: Row) -> str:
        """Where the next page begins if this is the last row of one."""


class StockQueries(Protocol):
    async def one(self, product_id: UUID) -> Row:
        """Raises `ProductNotFound`."""

    async def ledger(self, product_id: UUID, *, limit: int, cursor: str | None) -> Sequence[Row]:
        """Newest first; one more than `limit` where there are more. Raises `InvalidCursor`."""

    def cursor(self, row: Row) -> str: ...
