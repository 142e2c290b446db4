import base64
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from libs.database.keyset import read_cursor, write_cursor
from libs.errors import InvalidCursor
from libs.process.ids import new_id

KEY = [datetime(2025, 10, 17, 9, 30, 0, 123456, tzinfo=UTC), Decimal("19.99"), new_id(), "Ünï", 7, 0.1]
TYPES = [datetime, Decimal, UUID, str, int, float]


def test_a_cursor_brings_back_its_key() -> None:
    assert read_cursor(write_cursor("newest", KEY), "newest", TYPES) == KEY


def test_a_cursor_belongs_to_its_order() -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(write_cursor("newest", KEY), "price", TYPES)
    with pytest.raises(InvalidCursor):
        read_cursor(write_cursor("newest", KEY), "newest", TYPES[:-1])
    with pytest.raises(InvalidCursor):
        read_cursor(write_cursor("newest", ["no number"]), "newest", [int])


def encoded(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "ünï",
        "a" * 2000,
        encoded(b"[]"),
        encoded(b"{}"),
        encoded(b"7"),
        encoded(b'["s"]'),
        encoded(b'["s", 7]'),
        encoded(b'["s", null]'),
        encoded(b'["s", "a\\u0000b"]'),
        encoded(b"[" * 1500),
        encoded(b"\xff"),
    ],
)
def test_anything_else_is_refused_with_its_field(cursor: str) -> None:
    with pytest.raises(InvalidCursor) as refusal:
        read_cursor(cursor, "s", [str])
    assert refusal.value.errors[0].field == "cursor"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (str, "\\ud800"),
        (Decimal, "1e-99999"),
        (Decimal, "Infinity"),
        (int, "9" * 19),
        (int, f"-{'9' * 19}"),
        (datetime, "0001-01-01T00:00:00+14:00"),
        (datetime, "9999-12-31T23:00:00-14:00"),
    ],
)
def test_what_postgresql_has_not_got_is_no_key(kind: type, text: str) -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(encoded(f'["s", "{text}"]'.encode()), "s", [kind])


@pytest.mark.parametrize("text", ['["s", "NaN"]', '["s", "1e9999999999"]', '["s", "x"]'])
def test_a_number_must_be_one(text: str) -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(encoded(text.encode()), "s", [int])
