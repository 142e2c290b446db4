"""A trace that a caller has begun goes on; anything else begins one."""

import pytest

from libs.observability.context import TRACEPARENT, trace_of

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_trace_goes_on() -> None:
    assert trace_of(GIVEN) == GIVEN


@pytest.mark.parametrize(
    "given", [None, "", "nonsense", GIVEN.upper(), f"00-{'0' * 32}-00f067aa0ba902b7-01", f"{GIVEN}-x", f"ff{GIVEN[2:]}"]
)
def test_anything_else_begins_one(given: str | None) -> None:
    begun = trace_of(given)
    assert TRACEPARENT.fullmatch(begun)
    assert begun != given
    assert begun != trace_of(given)
