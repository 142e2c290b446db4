"""The one way to run a read, or whatever else is one statement: compiled once by SQLAlchemy, run on asyncpg itself.

Compiling, the session and result objects are most of what a read costs in the usual style; none of the three is
needed to bring rows to a response. What takes several statements is a transaction: see `transactions`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, ClauseElement
from sqlalchemy.dialects.postgresql import asyncpg as dialect

from libs.database.pool import ConnectionPool, Records

Row = dict[str, Any]

_DIALECT = dialect.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves dialects untyped.


class CompiledQuery:
    """A statement with `bindparam`s for its arguments; make it at module level, or in a cached function of its filters.

    Arguments reach asyncpg as they are, so lists go through `arrays.any_of` or `= ANY(:ids)`, not through `IN`.
    """

    def __init__(self, statement: ClauseElement, columns: Sequence[str] | None = None) -> None:
        """`columns` are those of an INSERT or UPDATE that names none itself."""
        compiled = statement.compile(dialect=_DIALECT, column_keys=columns)
        self.sql = str(compiled)
        self._names: list[str] = list(getattr(compiled, "positiontup", None) or ())
        binds: Mapping[str, BindParameter[Any]] = getattr(compiled, "binds", {})
        self._needed = {name for name, bind in binds.items() if bind.required}
        self._constants: Mapping[str, Any] = compiled.params

    def arguments(self, given: Mapping[str, Any]) -> list[Any]:
        if unknown := given.keys() - self._constants.keys():
            raise TypeError(f"The query has no parameters {sorted(unknown)}")
        if missing := self._needed - given.keys():
            raise TypeError(f"The query needs {sorted(missing)}")
        return [given[name] if name in given else self._constants[name] for name in self._names]


class Reader:
    """Runs queries on connections of its own. Rows are plain dicts, JSON columns arrive decoded."""

    def __init__(self, url: str, *, pool_size: int) -> None:
        self._connections = ConnectionPool(url, pool_size)

    async def fetch_all(self, query: CompiledQuery, **arguments: Any) -> list[Row]:
        rows = await self._rows(query, arguments)
        # A record would be asked for each of its columns by name.
        names = tuple(rows[0].keys()) if rows else ()
        return [dict(zip(names, row, strict=True)) for row in rows]

    async def fetch_one(self, query: CompiledQuery, **arguments: Any) -> Row | None:
        rows = await self._rows(query, arguments)
        return dict(rows[0]) if rows else None

    async def fetch_value(self, query: CompiledQuery, **arguments: Any) -> Any:
        rows = await self._rows(query, arguments)
        return rows[0][0] if rows else None

    async def ping(self) -> None:
        """For readiness: raises while the database does not answer."""
        await self._connections.ping()

    def stats(self) -> tuple[int, int, int]:
        """How many connections are borrowed, open, allowed."""
        return self._connections.stats()

    async def aclose(self) -> None:
        await self._connections.aclose()

    async def _rows(self, query: CompiledQuery, arguments: Mapping[str, Any]) -> Records:
        return await self._connections.fetch(query.sql, query.arguments(arguments))
