from uuid import UUID

import pytest

from catalog_service.domain.category import Category
from catalog_service.exceptions import CategoryCycle, SlugTaken
from catalog_service.services.manage_categories import change_category, create_category
from catalog_service.tests.fakes import FakeUnitOfWork
from libs.errors import VersionConflict


async def chain(uow: FakeUnitOfWork, length: int) -> list[Category]:
    made: list[Category] = []
    for number in range(length):
        parent: UUID | None = made[-1].id if made else None
        made.append(await create_category(uow, f"level {number}", None, parent))
    return made


async def test_levels_count_from_the_root() -> None:
    uow = FakeUnitOfWork()
    assert [category.level for category in await chain(uow, 4)] == [0, 1, 2, 3]


async def test_a_move_takes_along_what_is_below() -> None:
    uow = FakeUnitOfWork()
    _, second, third, fourth = await chain(uow, 4)
    await change_category(uow, second.id, {"parent_id": None}, None)
    assert [uow.categories.rows[each.id].level for each in (second, third, fourth)] == [0, 1, 2]
    assert [uow.categories.rows[each.id].version for each in (second, third, fourth)] == [2, 2, 2]


@pytest.mark.parametrize("below", [0, 1, 3])
async def test_nothing_stands_below_itself(below: int) -> None:
    uow = FakeUnitOfWork()
    made = await chain(uow, 4)
    with pytest.raises(CategoryCycle):
        await change_category(uow, made[0].id, {"parent_id": made[below].id}, None)


async def test_a_chosen_slug_is_not_made_distinct() -> None:
    uow = FakeUnitOfWork()
    await create_category(uow, "Tea", None, None)
    assert (await create_category(uow, "Tea", None, None)).slug.startswith("tea-")
    with pytest.raises(SlugTaken):
        await create_category(uow, "Tea", "tea", None)


async def test_no_change_is_no_version_and_a_stale_one_is_refused() -> None:
    uow = FakeUnitOfWork()
    [category] = await chain(uow, 1)
    assert (await change_category(uow, category.id, {"name": category.name}, None)).version == 1
    with pytest.raises(VersionConflict):
        await change_category(uow, category.id, {"name": "x"}, [2])
