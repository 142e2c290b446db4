"""New ids."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562): ordered by time, so that indexes grow at one end and lists have a stable key."""
    return uuid7()
