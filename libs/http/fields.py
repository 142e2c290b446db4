"""Types of fields that every body of the shop shares."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

MAX_AMOUNT = Decimal("9999999.99")


class Body(BaseModel):
    """Base of request bodies: a field that nobody knows is a typo, and a typo must not pass in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _no_boolean(value: Any) -> Any:
    # To Python, and so to pydantic, true is 1.
    if isinstance(value, bool):
        raise ValueError("must be an amount")  # noqa: TRY004 - pydantic reports ValueErrors.
    return value


def _given(value: Any) -> Any:
    if value is None:
        raise ValueError("must not be null; leave it out")
    return value


# For a field that may be left out and whose absence means something else than null would:
# `name: Annotated[Line | None, Given] = None`.
Given = BeforeValidator(_given)
# PostgreSQL cannot store NUL. Any pattern also refuses half a surrogate pair, which is no Unicode; and unlike a
# function it leaves a length that is added later, as in `Annotated[Text, Field(max_length=9)]`, its plain message.
STORABLE = r"^[^\x00]*$"
Text = Annotated[str, StringConstraints(pattern=STORABLE)]
Line = Annotated[str, StringConstraints(pattern=STORABLE, strip_whitespace=True)]
Moment = Annotated[datetime, PlainSerializer(_rfc3339, return_type=str, when_used="json")]
# As JSON number or numeral. A router whose bodies have one reads them with `ExactNumbers`.
Amount = Annotated[
    Decimal,
    BeforeValidator(_no_boolean),
    Field(ge=0, le=MAX_AMOUNT, decimal_places=2, max_digits=9, allow_inf_nan=False),
]
Money = Annotated[Decimal, PlainSerializer(lambda amount: f"{amount:.2f}", return_type=str, when_used="json")]
