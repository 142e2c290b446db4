"""Products as they are shown."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, literal, select

from catalog_service.domain.product_filter import ProductFilter
from catalog_service.domain.queries import Row
from catalog_service.domain.search_text import to_tsquery
from catalog_service.domain.slugs import is_id, is_slug
from catalog_service.exceptions import CategoryNotFound, ProductNotFound
from catalog_service.models.categories import categories
from catalog_service.models.products import products
from catalog_service.models.stock import stock
from catalog_service.repositories.product_list_sql import (
    SHOWN,
    SHOWN_STOCK,
    Shape,
    count_query,
    key_types,
    page_query,
)
from libs.database.arrays import any_array
from libs.database.keyset import read_cursor, write_cursor
from libs.database.query import CompiledQuery, Reader
from libs.database.row_loader import RowLoader

_one = (
    select(*SHOWN, *SHOWN_STOCK).join(stock, stock.c.product_id == products.c.id).where(products.c.deleted_at.is_(None))
)
BY_ID = CompiledQuery(_one.where(products.c.id == any_array("keys", Uuid)))
BY_SLUG = CompiledQuery(_one.where(products.c.slug == any_array("keys", Text)))
CATEGORY = CompiledQuery(select(literal(1)).select_from(categories).where(categories.c.id == bindparam("category_id")))


class SqlProductQueries:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._by_id: RowLoader[UUID] = RowLoader(reader, BY_ID, "id")
        self._by_slug: RowLoader[str] = RowLoader(reader, BY_SLUG, "slug")

    async def one(self, reference: str) -> Row:
        if is_id(reference):
            row = await self._by_id.load(UUID(reference))
        elif is_slug(reference):
            row = await self._by_slug.load(reference)
        else:
            row = None
        if row is None:
            raise ProductNotFound(f"There is no product {reference}.")
        return row

    async def page(
        self, wanted: ProductFilter, *, limit: int, cursor: str | None, with_category: bool = False
    ) -> Sequence[Row]:
        arguments = _arguments(wanted)
        if cursor is not None:
            *key, arguments["after_id"] = read_cursor(cursor, wanted.sort, key_types(wanted.sort))
            if key:
                [arguments["after_key"]] = key
        query = page_query(_shape(wanted), continued=cursor is not None, with_category=with_category)
        rows = await self._reader.fetch_all(query, **arguments, limit=limit + 1)
        if not rows and wanted.category_id is not None:
            await self._expect_category(wanted.category_id)
        return rows

    async def count(self, wanted: ProductFilter) -> int:
        total: int = await self._reader.fetch_value(count_query(_shape(wanted)), **_arguments(wanted))
        return total

    def cursor(self, wanted: ProductFilter, row: Row) -> str:
        key = [row["key"]] if "key" in row else []
        return write_cursor(wanted.sort, [*key, row["id"]])

    async def _expect_category(self, category_id: UUID) -> None:
        if await self._reader.fetch_value(CATEGORY, category_id=category_id) is None:
            raise CategoryNotFound(f"There is no category {category_id}.")


def _shape(wanted: ProductFilter) -> Shape:
    return Shape(
        sort=wanted.sort,
        category=wanted.category_id is not None,
        q=wanted.q is not None,
        min_price=wanted.min_price is not None,
        max_price=wanted.max_price is not None,
        in_stock=wanted.in_stock,
        attributes=bool(wanted.attributes),
        is_active=wanted.is_active,
    )


def _arguments(wanted: ProductFilter) -> dict[str, Any]:
    given = {
        "category_id": wanted.category_id,
        "q": None if wanted.q is None else to_tsquery(wanted.q),
        "min_price": wanted.min_price,
        "max_price": wanted.max_price,
        "attributes": wanted.attributes or None,
    }
    return {name: value for name, value in given.items() if value is not None}
