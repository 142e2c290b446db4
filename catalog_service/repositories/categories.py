"""Categories in transactions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert

from catalog_service.domain.category import Category
from catalog_service.exceptions import CategoryNameTaken, CategoryNotEmpty, CategoryNotFound, SlugTaken
from catalog_service.models.categories import categories
from catalog_service.repositories.subtrees import above, below
from libs.database.constraints import translate_constraint
from libs.database.database import Transaction
from libs.database.executor import Row

# Any number does that no other lock of this database has.
STRUCTURE = 7_320_001
LOCK_STRUCTURE = text("SELECT pg_advisory_xact_lock(:lock)").bindparams(lock=STRUCTURE)

BY_ID = select(categories).where(categories.c.id == bindparam("category_id"))
# Weaker than FOR UPDATE: products may be put into a category while it is changed, but not while it is deleted.
FOR_CHANGE = BY_ID.with_for_update(key_share=True)
ADD = insert(categories).on_conflict_do_nothing(index_elements=["slug"])
SAVE = (
    update(categories)
    .where(categories.c.id == bindparam("category_id"), categories.c.version == bindparam("seen"))
    .values({name: bindparam(name) for name in ("name", "slug", "parent_id", "level", "version", "updated_at")})
)
_above = above(bindparam("category_id"))
IS_AT_OR_BELOW = select(select(literal(1)).where(_above.c.id == bindparam("other_id")).exists())
_below = below(bindparam("category_id"))
SHIFT_BELOW = (
    update(categories)
    .where(categories.c.id.in_(select(_below.c.id)), categories.c.id != bindparam("category_id"))
    .values(
        level=categories.c.level + bindparam("levels"),
        version=categories.c.version + 1,
        updated_at=bindparam("now"),
    )
)
DELETE = delete(categories).where(categories.c.id == bindparam("category_id"))


class SqlCategories:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def lock_structure(self) -> None:
        await self._transaction.execute(LOCK_STRUCTURE)

    async def add(self, category: Category) -> bool:
        with translate_constraint({"uq_categories_parent_id_name": lambda: _name_taken(category)}):
            result = await self._transaction.execute(ADD, _row(category))
        return result.rowcount == 1

    async def get(self, category_id: UUID) -> Category:
        return _found(category_id, await self._transaction.fetch_one(BY_ID, {"category_id": category_id}))

    async def for_change(self, category_id: UUID) -> Category:
        return _found(category_id, await self._transaction.fetch_one(FOR_CHANGE, {"category_id": category_id}))

    async def is_at_or_below(self, category_id: UUID, other_id: UUID) -> bool:
        arguments = {"category_id": category_id, "other_id": other_id}
        return bool(await self._transaction.fetch_value(IS_AT_OR_BELOW, arguments))

    async def save(self, category: Category) -> None:
        refusals = {
            "uq_categories_parent_id_name": lambda: _name_taken(category),
            "uq_categories_slug": lambda: SlugTaken(f"The slug {category.slug} is taken."),
        }
        row = _row(category)
        changed = {name: row[name] for name in ("name", "slug", "parent_id", "level", "version", "updated_at")}
        with translate_constraint(refusals):
            await self._transaction.execute(SAVE, {"category_id": category.id, "seen": category.version - 1, **changed})

    async def shift_below(self, category_id: UUID, levels: int, now: datetime) -> None:
        await self._transaction.execute(SHIFT_BELOW, {"category_id": category_id, "levels": levels, "now": now})

    async def delete(self, category_id: UUID) -> None:
        refusals = {
            "fk_categories_parent_id_categories": lambda: CategoryNotEmpty(
                "It has children; move or delete them first."
            ),
            "fk_products_category_id_categories": lambda: CategoryNotEmpty(
                "It has products; move or delete them first."
            ),
        }
        with translate_constraint(refusals):
            await self._transaction.execute(DELETE, {"category_id": category_id})


def _name_taken(category: Category) -> CategoryNameTaken:
    return CategoryNameTaken(f"There is a category “{category.name}” under the same parent.")


def _found(category_id: UUID, row: Row | None) -> Category:
    if row is None:
        raise CategoryNotFound(f"There is no category {category_id}.")
    return Category(**row)


def _row(category: Category) -> dict[str, Any]:
    return {column.name: getattr(category, column.name) for column in categories.columns}
