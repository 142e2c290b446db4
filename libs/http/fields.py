"""Types of fields that every body of the shop shares."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

MAX_AMOUNT = Decimal("9999999.99")
# Python's Decimal would also read " 1 ", "1_0", "1e2" and the digits of every script.
NUMERAL = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2})?")


class Body(BaseModel):
    """Base of request bodies: a field that nobody knows is a typo, and a typo must not pass in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _rfc3339(moment: datetime) -> str:
    # A page has forty of them, and all that come from PostgreSQL are in UTC.
    universal = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return universal.isoformat(timespec="microseconds")[:-6] + "Z"


def _parse_amount(value: Any) -> Any:
    # To Python, and so to pydantic, true is 1.
    if isinstance(value, bool) or (isinstance(value, str) and not NUMERAL.fullmatch(value)):
        raise ValueError(f"must be an amount from 0 to {MAX_AMOUNT} with two decimals at most, such as 19.99")
    return value


def _not_null(value: Any) -> Any:
    if value is None:
        raise ValueError("must not be null; leave it out")
    return value


class _NotNull(BeforeValidator):
    """Documents what it does: the type of such a field has a None that no client may send."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        documented = handler(schema)
        types = [each for each in documented.pop("anyOf") if each != {"type": "null"}]
        return documented | (types[0] if len(types) == 1 else {"anyOf": types})


# For a field that may be left out and whose absence means something else than null would:
# `name: Annotated[Line | None, Given] = None`.
NotNull = _NotNull(_not_null)
# PostgreSQL cannot store NUL. Any pattern also refuses half a surrogate pair, which is no Unicode; and unlike a
# function it leaves a length that is added later, as in `Annotated[Text, Field(max_length=9)]`, its plain message.
STORABLE = r"^[^\x00]*$"
Text = Annotated[str, StringConstraints(pattern=STORABLE)]
TrimmedText = Annotated[str, StringConstraints(pattern=STORABLE, strip_whitespace=True)]
Timestamp = Annotated[datetime, PlainSerializer(_rfc3339, return_type=str, when_used="json")]
# As JSON number or numeral. A router whose bodies have one reads them with `DecimalJSONRoute`.
Amount = Annotated[
    Decimal,
    BeforeValidator(_parse_amount),
    Field(ge=0, le=MAX_AMOUNT, decimal_places=2, max_digits=9, allow_inf_nan=False),
    # A zero below zero, as -0.0 is in JSON, would be shown with its sign.
    AfterValidator(abs),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": f"^{NUMERAL.pattern}$"},
                {"type": "number", "minimum": 0, "maximum": float(MAX_AMOUNT)},
            ]
        }
    ),
]
Money = Annotated[Decimal, PlainSerializer(lambda amount: f"{amount:.2f}", return_type=str, when_used="json")]
