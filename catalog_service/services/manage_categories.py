"""Changing the tree of categories."""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from catalog_service.domain.category import ROOT, Category, CategoryFields, Place
from catalog_service.domain.ports import UnitOfWork, UnitOfWorkFactory
from catalog_service.domain.slugs import slug_of
from catalog_service.exceptions import CategoryCycle
from catalog_service.services.slugs import add_with_slug
from libs.errors import expect_version
from libs.process.ids import new_id


async def create_category(uow: UnitOfWorkFactory, name: str, slug: str | None, parent_id: UUID | None) -> Category:
    async with uow() as work:
        await work.categories.lock_structure()
        place = (await work.categories.get(parent_id)).place_below if parent_id else ROOT
        category = Category.create(new_id(), name, slug or slug_of(name, "category"), place, datetime.now(UTC))
        await add_with_slug(work.categories, category, chosen=slug is not None)
    return category


async def change_category(
    uow: UnitOfWorkFactory, category_id: UUID, fields: CategoryFields, expected: Collection[int] | None
) -> Category:
    now = datetime.now(UTC)
    async with uow() as work:
        if "parent_id" in fields:
            await work.categories.lock_structure()
        category = await work.categories.for_change(category_id)
        expect_version(category.version, expected)
        place = await _new_place(work, category, fields["parent_id"]) if "parent_id" in fields else category.place
        shift = place.level - category.level
        if category.change(fields.get("name", category.name), fields.get("slug", category.slug), place, now):
            await work.categories.save(category)
        if shift:
            await work.categories.shift_below(category.id, shift, now)
    return category


async def delete_category(uow: UnitOfWorkFactory, category_id: UUID, expected: Collection[int] | None) -> None:
    async with uow() as work:
        await work.categories.lock_structure()
        category = await work.categories.for_change(category_id)
        expect_version(category.version, expected)
        await work.categories.delete(category_id)


async def _new_place(work: UnitOfWork, category: Category, parent_id: UUID | None) -> Place:
    if parent_id is None:
        return ROOT
    parent = await work.categories.get(parent_id)
    if await work.categories.is_at_or_below(parent_id, category.id):
        raise CategoryCycle(f"“{parent.name}” is “{category.name}” itself or stands below it.")
    return parent.place_below
