"""Statements that SQLAlchemy has compiled once, and what whoever runs them can be asked for."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import asyncpg
from sqlalchemy import ClauseElement

from libs.database.reads import Query

Arguments = Mapping[str, Any]
NONE: Final[Arguments] = {}
# More statements than any service has.
STATEMENTS: Final = 500


class Row(asyncpg.Record):  # type: ignore[misc] # asyncpg has no types.
    """Columns by their names: `row["id"]` and `row.id`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True, slots=True)
class Changed:
    rowcount: int
    """How many rows the statement has inserted, changed or deleted."""


class Statements(ABC):
    """Of an open transaction, or of `Transactions`, where each is one by itself.

    They are SQLAlchemy's, and live as long as their module; their arguments go by name.
    """

    @abstractmethod
    async def execute(self, statement: ClauseElement, arguments: Arguments = NONE) -> Changed: ...

    @abstractmethod
    async def all(self, statement: ClauseElement, arguments: Arguments = NONE) -> list[Row]: ...

    async def first(self, statement: ClauseElement, arguments: Arguments = NONE) -> Row | None:
        rows = await self.all(statement, arguments)
        return rows[0] if rows else None

    async def one(self, statement: ClauseElement, arguments: Arguments = NONE) -> Row:
        """Of a statement that always has one."""
        return (await self.all(statement, arguments))[0]

    async def value(self, statement: ClauseElement, arguments: Arguments = NONE) -> Any:
        """The first column of the first row. None if there is none."""
        rows = await self.all(statement, arguments)
        return rows[0][0] if rows else None


def prepared(statement: ClauseElement, arguments: Arguments) -> tuple[str, list[Any]]:
    query = _compiled(statement, tuple(arguments))
    return query.sql, query.arguments(arguments)


@lru_cache(maxsize=STATEMENTS)
def _compiled(statement: ClauseElement, names: tuple[str, ...]) -> Query:
    """An INSERT or UPDATE that names no columns of its own has those of the arguments."""
    return Query(statement, columns=names)
