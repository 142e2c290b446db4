"""A refusal: the answer "no" as a value that every layer understands and that no framework is needed for."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import ClassVar, NamedTuple


class ErrorKind(StrEnum):
    """What sort of no it is; `libs.http` turns each into a status."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    PAYMENT = "payment"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    STALE = "stale"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


class FieldError(NamedTuple):
    """One thing that is wrong with one field of a request; `field` is a dotted path such as `items.0.quantity`."""

    field: str
    message: str


class DomainError(Exception):
    """Base of all refusals. `code` is stable: programs branch on it. The docstring's first line is its title.

    `retry_after` is in seconds and says when asking again may help.
    """

    kind: ClassVar[ErrorKind]
    code: ClassVar[str]

    def __init__(self, detail: str, *, errors: Sequence[FieldError] = (), retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after

    @classmethod
    def title(cls) -> str:
        return (cls.__doc__ or cls.__name__).partition("\n")[0].rstrip(".")


class InvalidValue(DomainError):
    """The request has a value that cannot be used."""

    kind = ErrorKind.INVALID
    code = "invalid_value"


class InvalidCursor(DomainError):
    """The cursor cannot be read."""

    kind = ErrorKind.INVALID
    code = "invalid_cursor"


class VersionConflict(DomainError):
    """The thing has changed since it was read."""

    kind = ErrorKind.STALE
    code = "version_conflict"


class Unavailable(DomainError):
    """Something that this service needs is away for the moment."""

    kind = ErrorKind.UNAVAILABLE
    code = "service_unavailable"


def expect_version(actual: int, expected: Collection[int] | None) -> None:
    """Refuses with `VersionConflict` unless `actual` is one of the versions a client said it has seen (None: any)."""
    if expected is not None and actual not in expected:
        raise VersionConflict(f"It is at version {actual} now; read it again before changing it.")
