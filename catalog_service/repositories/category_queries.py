"""Categories as they are shown."""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select

from catalog_service.domain.queries import Row
from catalog_service.domain.slugs import is_id, is_slug
from catalog_service.domain.tree import accumulate_counts, depth_first, sibling_order
from catalog_service.exceptions import CategoryNotFound
from catalog_service.models.categories import categories
from catalog_service.models.products import products
from catalog_service.repositories.subtrees import above, below
from libs.database.query import CompiledQuery, Reader


def _family(category_id: Any) -> CompiledQuery:
    """In one statement, so that it is of one moment: the category, all above it, and its children."""
    upwards = above(category_id)
    return CompiledQuery(
        select(categories).where(categories.c.id.in_(select(upwards.c.id)) | (categories.c.parent_id == category_id))
    )


_by_slug = select(categories.c.id).where(categories.c.slug == bindparam("slug")).scalar_subquery()
FAMILY_BY_ID = _family(bindparam("category_id", type_=categories.c.id.type))
FAMILY_BY_SLUG = _family(_by_slug)

# Counted for each category by itself: what is asked for costs, and what is not does not.
_product_count = (
    select(func.count())
    .where(products.c.category_id == categories.c.id, products.c.is_active)
    .correlate(categories)
    .scalar_subquery()
    .label("product_count")
)
_below = below(bindparam("root_id"))
_counted = select(categories, _product_count)
WHOLE_TREE = CompiledQuery(_counted)
SUBTREE = CompiledQuery(_counted.where(categories.c.id.in_(select(_below.c.id))))


class SqlCategoryQueries:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def one(self, reference: str) -> Row:
        if is_id(reference):
            rows = await self._reader.fetch_all(FAMILY_BY_ID, category_id=UUID(reference))
            found = [row for row in rows if row["id"] == UUID(reference)]
        elif is_slug(reference):
            rows = await self._reader.fetch_all(FAMILY_BY_SLUG, slug=reference)
            found = [row for row in rows if row["slug"] == reference]
        else:
            found = []
        if not found:
            raise CategoryNotFound(f"There is no category {reference}.")
        row = found[0]
        return row | {
            "ancestors": sorted(
                (each for each in rows if each["level"] < row["level"]), key=lambda each: each["level"]
            ),
            "children": sorted((each for each in rows if each["parent_id"] == row["id"]), key=sibling_order),
        }

    async def tree(self, root_id: UUID | None) -> list[Row]:
        if root_id is None:
            rows = await self._reader.fetch_all(WHOLE_TREE)
        else:
            rows = await self._reader.fetch_all(SUBTREE, root_id=root_id)
            if not rows:
                raise CategoryNotFound(f"There is no category {root_id}.")
        ordered = depth_first(rows)
        accumulate_counts(ordered)
        return ordered
