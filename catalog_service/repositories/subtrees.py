"""Climbing and descending the tree of categories, as parts of statements."""

from typing import Any

from sqlalchemy import CTE, ColumnElement, select

from catalog_service.models.categories import categories

Row = tuple[Any, ...]


def below(category_id: ColumnElement[Any]) -> CTE:
    """The ids of a category and of everything below it."""
    start = select(categories.c.id).where(categories.c.id == category_id).cte("below", recursive=True)
    child = categories.alias("child")
    return start.union_all(select(child.c.id).join(start, child.c.parent_id == start.c.id))


def above(category_id: ColumnElement[Any]) -> CTE:
    """A category and everything above it, each with its parent."""
    start = (
        select(categories.c.id, categories.c.parent_id)
        .where(categories.c.id == category_id)
        .cte("above", recursive=True)
    )
    parent = categories.alias("parent")
    return start.union_all(select(parent.c.id, parent.c.parent_id).join(start, parent.c.id == start.c.parent_id))
