"""What catalog_service knows of the shop's users."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UserReplica:
    """A user at one of their versions."""

    id: UUID
    username: str
    role: Literal["user", "admin"]
    is_active: bool
    version: int


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A user who was deleted, at the version that says so."""

    id: UUID
    version: int
