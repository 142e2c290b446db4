"""Giving new things a slug that is theirs alone."""

from typing import Protocol, TypeVar
from uuid import UUID

from catalog_service.domain.slugs import distinct
from catalog_service.exceptions import SlugTaken


class _Named(Protocol):
    id: UUID
    slug: str


Thing_contra = TypeVar("Thing_contra", bound=_Named, contravariant=True)


class _Things(Protocol[Thing_contra]):
    async def add(self, thing: Thing_contra, /) -> bool: ...


async def add_with_slug(things: _Things[Thing_contra], thing: Thing_contra, *, chosen: bool) -> None:
    """A slug that somebody chose is refused if it is taken, one made from a name is made distinct."""
    if await things.add(thing):
        return
    if not chosen:
        thing.slug = distinct(thing.slug, thing.id)
        if await things.add(thing):
            return
    raise SlugTaken(f"The slug {thing.slug} is taken.")
