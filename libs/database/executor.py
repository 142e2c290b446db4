"""Statements that SQLAlchemy has compiled once, and what whoever runs them can be asked for."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import asyncpg
from sqlalchemy import ClauseElement

from libs.database.query import CompiledQuery

Arguments = Mapping[str, Any]
NO_ARGUMENTS: Final[Arguments] = {}
# More statements than any service has.
CACHE_SIZE: Final = 500


class Row(asyncpg.Record):  # type: ignore[misc] # asyncpg has no types.
    """Columns by their names: `row["id"]` and `row.id`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True, slots=True)
class ExecuteResult:
    rowcount: int
    """How many rows the statement has inserted, changed or deleted."""


class Executor(ABC):
    """Of an open transaction, or of `Database`, where each is one by itself.

    They are SQLAlchemy's, and live as long as their module; their arguments go by name.
    """

    @abstractmethod
    async def execute(self, statement: ClauseElement, arguments: Arguments = NO_ARGUMENTS) -> ExecuteResult: ...

    @abstractmethod
    async def fetch_all(self, statement: ClauseElement, arguments: Arguments = NO_ARGUMENTS) -> list[Row]: ...

    async def fetch_one(self, statement: ClauseElement, arguments: Arguments = NO_ARGUMENTS) -> Row | None:
        rows = await self.fetch_all(statement, arguments)
        return rows[0] if rows else None

    async def fetch_only(self, statement: ClauseElement, arguments: Arguments = NO_ARGUMENTS) -> Row:
        """Of a statement that always has one."""
        return (await self.fetch_all(statement, arguments))[0]

    async def fetch_value(self, statement: ClauseElement, arguments: Arguments = NO_ARGUMENTS) -> Any:
        """The first column of the first row. None if there is none."""
        rows = await self.fetch_all(statement, arguments)
        return rows[0][0] if rows else None


def compile_statement(statement: ClauseElement, arguments: Arguments) -> tuple[str, list[Any]]:
    query = _compiled(statement, tuple(arguments))
    return query.sql, query.arguments(arguments)


@lru_cache(maxsize=CACHE_SIZE)
def _compiled(statement: ClauseElement, names: tuple[str, ...]) -> CompiledQuery:
    """An INSERT or UPDATE that names no columns of its own has those of the arguments."""
    return CompiledQuery(statement, columns=names)
