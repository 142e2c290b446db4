"""Rows by what they are called. What several requests look up at one moment is one statement."""

from collections.abc import Collection, Mapping
from typing import Generic, TypeVar

from libs.database.reads import Query, Reader, Row
from libs.database.together import Together

Key = TypeVar("Key")


class Lookup(Generic[Key]):
    def __init__(self, reader: Reader, query: Query, key: str) -> None:
        """`query` finds any of its `keys` in the column `key`, each once at most."""
        self._reader = reader
        self._query = query
        self._key = key
        self._together = Together(self._read)

    async def one(self, key: Key) -> Row | None:
        return await self._together.one(key)

    async def all(self, keys: Collection[Key]) -> Mapping[Key, Row]:
        """Those that were found."""
        return await self._together.all(keys)

    async def _read(self, keys: Collection[Key]) -> Mapping[Key, Row]:
        rows = await self._reader.all(self._query, keys=list(keys))
        return {row[self._key]: row for row in rows}
