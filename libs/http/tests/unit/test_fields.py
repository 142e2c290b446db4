import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from libs.http.fields import Amount, Money, NotNull, Text, Timestamp, TrimmedText
from libs.http.tests.unit.shelf import Book

AMOUNT = TypeAdapter(Amount)


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        ("19.99", "19.99"),
        (19.99, "19.99"),
        (0, "0"),
        ("0.1", "0.1"),
        (0.07, "0.07"),
        ("9999999.99", "9999999.99"),
        (7, "7"),
        (-0.0, "0"),
        (Decimal("-0.00"), "0"),
    ],
)
def test_an_amount_is_a_text_or_a_number(given: object, amount: str) -> None:
    found = AMOUNT.validate_python(given)
    assert (found, found.is_signed()) == (Decimal(amount), False)


@pytest.mark.parametrize(
    "given",
    [
        "1.999",
        1.999,
        0.1 + 0.2,
        "-0.01",
        -1,
        "NaN",
        "Infinity",
        float("nan"),
        float("inf"),
        "10000000",
        1e300,
        True,
        "",
        "1,5",
        "-0",
        "+5",
        "5.",
        ".5",
        " 5 ",
        "1_0",
        "1e1",
        "1.500",
        "٣",
        None,
        [],
    ],
)
def test_anything_else_is_refused_and_never_rounded(given: object) -> None:
    with pytest.raises(ValidationError):
        AMOUNT.validate_python(given)


class Shown(BaseModel):
    price: Money
    at: Timestamp


def test_money_has_two_decimals_and_moments_are_in_utc() -> None:
    at = datetime(2025, 10, 17, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    shown: dict[str, Any] = Shown(price=Decimal("1.5"), at=at).model_dump(mode="json")
    assert shown == {"price": "1.50", "at": "2025-10-17T10:00:00.000000Z"}
    assert datetime.fromisoformat(shown["at"]) == at.astimezone(UTC)


def test_a_line_is_trimmed_and_a_text_is_not() -> None:
    assert TypeAdapter(TrimmedText).validate_python("  a b ") == "a b"
    assert TypeAdapter(Text).validate_python(" a\nb ") == " a\nb "


def test_a_text_that_is_too_long_is_told_so_plainly() -> None:
    with pytest.raises(ValidationError, match="String should have at most 20 characters"):
        Book(title="x" * 21)


def test_what_may_be_left_out_may_not_be_null() -> None:
    assert Book(title="t").shelf is None
    assert Book(title="t", shelf="A").shelf == "A"
    with pytest.raises(ValidationError, match="must not be null"):
        Book(title="t", shelf=None)


def test_the_documentation_offers_what_is_taken_and_no_more() -> None:
    fields = Book.model_json_schema()["properties"]
    assert fields["shelf"]["type"] == "string"
    assert "anyOf" not in fields["shelf"]
    text, number = fields["price"]["anyOf"]
    assert re.fullmatch(text["pattern"], "19.99")
    assert not re.fullmatch(text["pattern"], "19.999")
    assert number == {"type": "number", "minimum": 0, "maximum": 9999999.99}
    assert AMOUNT.json_schema() == TypeAdapter(Annotated[Amount | None, NotNull]).json_schema()
