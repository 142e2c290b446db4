"""Rows by what they are called. What several requests look up at one moment is one statement."""

from collections.abc import Collection, Mapping
from typing import Generic, TypeVar

from libs.database.batch_loader import BatchLoader
from libs.database.query import CompiledQuery, Reader, Row

Key = TypeVar("Key")


class RowLoader(Generic[Key]):
    def __init__(self, reader: Reader, query: CompiledQuery, key: str) -> None:
        """`query` finds any of its `keys` in the column `key`, each once at most."""
        self._reader = reader
        self._query = query
        self._key = key
        self._together = BatchLoader(self._read)

    async def load(self, key: Key) -> Row | None:
        return await self._together.load(key)

    async def load_many(self, keys: Collection[Key]) -> Mapping[Key, Row]:
        """Those that were found."""
        return await self._together.load_many(keys)

    async def _read(self, keys: Collection[Key]) -> Mapping[Key, Row]:
        rows = await self._reader.fetch_all(self._query, keys=list(keys))
        return {row[self._key]: row for row in rows}
