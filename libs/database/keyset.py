"""Cursors of keyset pagination: the sort key of a page's last row, opaque to clients.

A page is found by comparing keys in an index, never by OFFSET, so the thousandth costs what the first does and rows
that are inserted meanwhile neither repeat nor hide others (after Markus Winand, "We need tool support for keyset
pagination").
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from libs.errors import FieldError, InvalidCursor

# No sort key is as large, or as small.
DIGITS = 100


def _text(written: str) -> str:
    written.encode()
    if "\x00" in written:
        raise ValueError("PostgreSQL has no such character")
    return written


def _integer(written: str) -> int:
    value = int(written)
    if not -(2**63) <= value < 2**63:
        raise ValueError("no bigint")
    return value


def _number(written: str) -> Decimal:
    value = Decimal(written)
    if not value.is_finite() or abs(value.adjusted()) > DIGITS:
        raise ValueError("no number that a column has")
    return value


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)


Parser = Callable[[str], Any]
# What these refuse could not be sent to PostgreSQL, which costs a connection.
PARSERS: dict[type, Parser] = {
    str: _text,
    int: _integer,
    float: float,
    UUID: UUID,
    Decimal: _number,
    datetime: _moment,
}


def write_cursor(scope: str, key: Sequence[Any]) -> str:
    """`scope` names the order the key belongs to, so that a cursor of one sort is refused by another."""
    texts = [value.isoformat() if isinstance(value, datetime) else str(value) for value in key]
    # As UTF-8: escaped, the longest name of a product would make a cursor that is refused as too long.
    written = json.dumps([scope, *texts], ensure_ascii=False)
    return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")


def read_cursor(cursor: str, scope: str, types: Sequence[type]) -> list[Any]:
    """The key that `write_cursor` was given. Raises `InvalidCursor` for anything else."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found, *texts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if found != scope or len(texts) != len(types) or not all(isinstance(text, str) for text in texts):
            raise _unreadable("It belongs to another list or order.")
        return [PARSERS[kind](text) for kind, text in zip(types, texts, strict=True)]
    except (binascii.Error, ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise _unreadable("Pass `next_cursor` as it was given.") from error


def _unreadable(message: str) -> InvalidCursor:
    return InvalidCursor("The cursor cannot be read.", errors=[FieldError("cursor", message)])
