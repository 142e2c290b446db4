"""Reads what other programs write, however odd.

pamqp refuses a whole frame for one property that Python cannot hold, such as a time in microseconds or a name in
Latin-1. That ends the connection, for everything that waits on it, and the message is the first to come again.
"""

from datetime import datetime

from pamqp import decode
from pamqp.common import FieldTable

UNREADABLE = (ValueError, OverflowError, OSError)


def patch_pamqp() -> None:
    """For the whole process. What cannot be read is left out; the message goes the way of its body."""
    decode.METHODS |= {"shortstr": short_string, "table": table, "timestamp": timestamp}


def short_string(value: bytes) -> tuple[int, str]:
    length = value[0]
    # No replacement is longer than what it stands for, so that a copy can be written again.
    return length + 1, value[1 : length + 1].decode(errors="replace").replace("\ufffd", "?")


def table(value: bytes) -> tuple[int, FieldTable]:
    try:
        return decode.field_table(value)
    except UNREADABLE:
        return 4 + int.from_bytes(value[:4], "big"), {}


def timestamp(value: bytes) -> tuple[int, datetime | None]:
    try:
        return decode.timestamp(value)
    except UNREADABLE:
        return 8, None
