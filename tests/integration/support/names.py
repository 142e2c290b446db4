"""Names that no other test, run or person has used: the suite shares its shop."""

import uuid

_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def unique(prefix: str = "") -> str:
    return f"{prefix}{uuid.uuid4().hex[:16]}"


def word() -> str:
    """A word of letters alone: a text search takes it as one word, whatever its parser does with digits."""
    return uuid.uuid4().hex.translate(_LETTERS)[:20]


def unknown_id() -> str:
    """An id as the shop makes them (UUID version 7), of nothing that exists."""
    drawn = uuid.uuid4().int & ~(0xF << 76) | 7 << 76
    return str(uuid.UUID(int=drawn))
