"""What every event has: a type, a source, an aggregate, and that aggregate's whole state at one version."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer


def _two_decimals(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        # The first and the last hours of the calendar, elsewhere. pydantic lets through whatever is no ValueError.
        raise ValueError("UTC cannot show it") from error


# PostgreSQL cannot store NUL, so a text with one could never be applied: it breaks the contract.
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Money = Annotated[
    Decimal,
    Field(ge=0, max_digits=18, decimal_places=2),
    PlainSerializer(_two_decimals, return_type=str, when_used="json"),
]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Version = Annotated[int, Field(ge=1, le=2**63 - 1)]
Quantity = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Record(BaseModel):
    """Part of an event. Readers ignore fields that they do not know: fields are only ever added."""

    # Errors are logged, and what breaks a contract may be a person's address.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Event(Record):
    """A fact about one aggregate at one version."""

    type: ClassVar[str]
    source: ClassVar[str]
    aggregate: ClassVar[str]

    @property
    def subject(self) -> UUID:
        """The aggregate's id."""
        raise NotImplementedError

    @property
    def sequence(self) -> int:
        """The aggregate's version: a reader applies only what is newer than what it has."""
        raise NotImplementedError

    @property
    def about(self) -> UUID | None:
        """The user whom it is about, for whoever follows what happens to somebody."""
        return None


class StateEvent(Event):
    """An event that is named by its aggregate's own id and version."""

    id: UUID
    version: Version

    @property
    def subject(self) -> UUID:
        return self.id

    @property
    def sequence(self) -> int:
        return self.version
