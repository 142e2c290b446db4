"""Which constraint refused a row: the database decides races, and the repository names the refusal."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import asyncpg

from libs.errors import DomainError


@contextmanager
def translate_constraint(refusals: Mapping[str, Callable[[], DomainError]]) -> Iterator[None]:
    """Turns the violation of a named constraint into its refusal; any other violation is a defect and passes."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as error:
        refusal = refusals.get(error.constraint_name)
        if refusal is None:
            raise
        raise refusal() from error
