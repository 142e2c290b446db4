"""Climbing and descending the tree of categories, as parts of statements."""

from typing import Any

from sqlalchemy import CTE, ColumnElement, lateral, literal_column, select, true

from catalog_service.models.categories import categories

Row = tuple[Any, ...]


def below(category_id: ColumnElement[Any]) -> CTE:
    """The ids of a category and of everything below it."""
    start = select(categories.c.id).where(categories.c.id == category_id).cte("below", recursive=True)
    # OFFSET keeps PostgreSQL from making it a join, for which it would read all categories once for each level.
    children = lateral(
        select(categories.c.id).where(categories.c.parent_id == start.c.id).offset(literal_column("0")), "children"
    )
    return start.union_all(select(children.c.id).select_from(start.join(children, true())))


def above(category_id: ColumnElement[Any]) -> CTE:
    """A category and everything above it, each with its parent."""
    start = (
        select(categories.c.id, categories.c.parent_id)
        .where(categories.c.id == category_id)
        .cte("above", recursive=True)
    )
    parent = categories.alias("parent")
    return start.union_all(select(parent.c.id, parent.c.parent_id).join(start, parent.c.id == start.c.parent_id))
