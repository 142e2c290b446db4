"""Things of others that are no more."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What its owner has deleted, at the version that says so."""

    id: UUID
    version: int
