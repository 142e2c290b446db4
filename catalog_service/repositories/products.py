"""Products in transactions."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, cast, select, update
from sqlalchemy.dialects.postgresql import TSVECTOR, insert

from catalog_service.domain.product import Product
from catalog_service.domain.search_text import sort_name, to_tsvector
from catalog_service.exceptions import CategoryNotFound, ProductNotFound, SkuTaken, SlugTaken
from catalog_service.models.products import products
from libs.database.constraints import translate_constraint
from libs.database.database import Transaction
from libs.errors import DomainError

ALIVE = products.c.deleted_at.is_(None)
COLUMNS = [column for column in products.columns if column.name not in ("sort_name", "search", "deleted_at")]
SEARCH = cast(bindparam("search", type_=Text), TSVECTOR)
CHANGING = [column.name for column in COLUMNS if column.name not in ("id", "currency", "created_at")]

FOR_CHANGE = select(*COLUMNS).where(products.c.id == bindparam("product_id"), ALIVE).with_for_update(key_share=True)
ADD = (
    insert(products)
    .values({column.name: bindparam(column.name) for column in COLUMNS})
    .values(sort_name=bindparam("sort_name"), search=SEARCH)
    .on_conflict_do_nothing(index_elements=["slug"], index_where=ALIVE)
)
SAVE = (
    update(products)
    .where(products.c.id == bindparam("product_id"), products.c.version == bindparam("seen"))
    .values({name: bindparam(name) for name in CHANGING})
    .values(sort_name=bindparam("sort_name"), search=SEARCH)
)
MARK_DELETED = (
    update(products)
    .where(products.c.id == bindparam("product_id"), products.c.version == bindparam("seen"))
    .values(
        category_id=None,
        is_active=False,
        version=bindparam("version"),
        updated_at=bindparam("updated_at"),
        deleted_at=bindparam("updated_at"),
    )
)


class SqlProducts:
    def __init__(self, transaction: Transaction, changed: set[UUID]) -> None:
        """`changed` learns the products that the transaction changes."""
        self._transaction = transaction
        self._changed = changed

    async def add(self, product: Product) -> bool:
        with translate_constraint(_refusals(product)):
            result = await self._transaction.execute(ADD, _row(product))
        return result.rowcount == 1

    async def for_change(self, product_id: UUID) -> Product:
        row = await self._transaction.fetch_one(FOR_CHANGE, {"product_id": product_id})
        if row is None:
            raise ProductNotFound(f"There is no product {product_id}.")
        return Product(**row)

    async def save(self, product: Product) -> None:
        self._changed.add(product.id)
        row = _row(product)
        arguments = {name: row[name] for name in (*CHANGING, "sort_name", "search")}
        with translate_constraint(_refusals(product)):
            await self._transaction.execute(SAVE, {"product_id": product.id, "seen": product.version - 1, **arguments})

    async def mark_deleted(self, product: Product) -> None:
        self._changed.add(product.id)
        await self._transaction.execute(
            MARK_DELETED,
            {
                "product_id": product.id,
                "seen": product.version - 1,
                "version": product.version,
                "updated_at": product.updated_at,
            },
        )


def _refusals(product: Product) -> Mapping[str, Callable[[], DomainError]]:
    return {
        "uq_products_sku": lambda: SkuTaken(f"Another product has the SKU {product.sku}."),
        "uq_products_slug": lambda: SlugTaken(f"The slug {product.slug} is taken."),
        "fk_products_category_id_categories": lambda: CategoryNotFound(f"There is no category {product.category_id}."),
    }


def _row(product: Product) -> dict[str, Any]:
    return {
        **{column.name: getattr(product, column.name) for column in COLUMNS},
        "sort_name": sort_name(product.name),
        "search": to_tsvector(f"{product.name} {product.sku or ''}", product.description),
    }
