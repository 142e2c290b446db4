"""Parameters of statements that take any number of rows: each is a column of them, as `unnest` wants it."""

from typing import Any

from sqlalchemy import ARRAY, BindParameter, bindparam


def arrays(**types: Any) -> tuple[BindParameter[Any], ...]:
    """One for each name; the types are those of single values."""
    return tuple(bindparam(name, type_=ARRAY(type_)) for name, type_ in types.items())
