"""Slugs: names of categories and products as they stand in an address."""

import re
from uuid import UUID

from slugify import slugify

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_SLUG = 120
# Room for what makes a slug distinct.
MAX_MADE = 100
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_id(reference: str) -> bool:
    """Where an address takes an id or a slug, this tells which; nothing is both."""
    return ID.fullmatch(reference) is not None


def is_slug(text: str) -> bool:
    return len(text) <= MAX_SLUG and SLUG.fullmatch(text) is not None and not is_id(text)


def slug_of(name: str, kind: str) -> str:
    """A slug for any name. One that has no letters at all, or looks like an id, is called after its kind."""
    slug = slugify(name, max_length=MAX_MADE)
    if not slug:
        return kind
    return f"{kind}-{slug}" if is_id(slug) else slug


def distinct(slug: str, thing_id: UUID) -> str:
    """The slug of the second thing of that name. The end of an id is random, so equal names never queue for numbers."""
    return f"{slug[:MAX_MADE]}-{thing_id.hex[-8:]}"
