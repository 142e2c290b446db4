"""Which constraint refused a row: the database decides races, and the repository names the refusal."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import IntegrityError

from libs.refusals import Refusal


def violated_constraint(error: IntegrityError | asyncpg.IntegrityConstraintViolationError) -> str | None:
    """The name of the constraint, None where the driver does not tell."""
    cause: object = error
    if isinstance(error, IntegrityError):
        cause = error.orig.__cause__ if error.orig is not None else None
    name = getattr(cause, "constraint_name", None)
    return name if isinstance(name, str) else None


@contextmanager
def refusing(refusals: Mapping[str, Callable[[], Refusal]]) -> Iterator[None]:
    """Turns the violation of a named constraint into its refusal; any other violation is a defect and passes."""
    try:
        yield
    except (IntegrityError, asyncpg.IntegrityConstraintViolationError) as error:
        refusal = refusals.get(violated_constraint(error) or "")
        if refusal is None:
            raise
        raise refusal() from error
