"""Parameters that are arrays: columns of rows, as `unnest` wants them, and keys of which any is looked for."""

from typing import Any

from sqlalchemy import ARRAY, BindParameter, ColumnElement, any_, bindparam, cast, select


def arrays(**types: Any) -> tuple[BindParameter[Any], ...]:
    """One for each name; the types are those of single values."""
    return tuple(bindparam(name, type_=ARRAY(type_)) for name, type_ in types.items())


def any_array(name: str, type_: Any) -> ColumnElement[Any]:
    """To be compared with a column: one of the array's values.

    As a subquery, or PostgreSQL would see how many there are, find that a plan for so few is cheaper than one for any
    number, and plan each time anew, which takes longer than to look them up.
    """
    values = ARRAY(type_)
    return any_(cast(select(bindparam(name, type_=values)).scalar_subquery(), values))
