"""A category: a place in a tree that may be as deep as anyone likes."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self, TypedDict
from uuid import UUID


class CategoryFields(TypedDict, total=False):
    """What an admin may change; what is absent stays."""

    name: str
    slug: str
    parent_id: UUID | None


class Place(NamedTuple):
    """Where in the tree: below which category, and how many levels below a root."""

    parent_id: UUID | None
    level: int


ROOT = Place(None, 0)


@dataclass(slots=True)
class Category:
    id: UUID
    name: str
    slug: str
    parent_id: UUID | None
    level: int
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def create(cls, category_id: UUID, name: str, slug: str, place: Place, now: datetime) -> Self:
        return cls(category_id, name, slug, *place, version=1, created_at=now, updated_at=now)

    @property
    def place(self) -> Place:
        return Place(self.parent_id, self.level)

    @property
    def place_below(self) -> Place:
        """Where its children stand."""
        return Place(self.id, self.level + 1)

    def change(self, name: str, slug: str, place: Place, now: datetime) -> bool:
        """False if it is like that already."""
        if (name, slug, place) == (self.name, self.slug, self.place):
            return False
        self.name, self.slug = name, slug
        self.parent_id, self.level = place
        self.version += 1
        self.updated_at = now
        return True
