import itertools
from collections.abc import Iterator, Sequence
from typing import Any, cast
from uuid import UUID

import asyncpg

from libs.process.ids import new_id
from ops.verify.comparison import Difference, Row, wait_until_converged
from ops.verify.invariants import HELD_STOCK
from ops.verify.replicas import Kind


class Side:
    """Says something else each time, and in the end the same again and again."""

    def __init__(self, *states: dict[UUID, str]) -> None:
        self._states: Iterator[dict[UUID, str]] = itertools.chain(states, itertools.repeat(states[-1]))

    async def fetch(self, _statement: str, ids: Sequence[UUID]) -> list[dict[str, Any]]:
        state = next(self._states)
        return [{"id": each, "version": 0, "state": state[each]} for each in ids]


async def differing(told: Side, kept: Side, ids: Sequence[UUID]) -> list[UUID]:
    found = [Difference(each, Kind.DAMAGED, Row(0, "sold"), Row(0, "held")) for each in ids]
    left = await wait_until_converged(
        HELD_STOCK,
        cast(asyncpg.Pool, told),
        cast(asyncpg.Pool, kept),
        found,
        patience=0.5,
        stuck=HELD_STOCK.unrecoverable,
    )
    return [each.id for each in left]


async def test_an_order_that_goes_on_after_it_agreed_is_no_difference() -> None:
    """At each look another one has just been paid for, as in any shop that is busy."""
    one, other = new_id(), new_id()
    told = Side({one: "sold", other: "held"}, {one: "sold", other: "sold"})
    kept = Side({one: "held", other: "held"}, {one: "sold", other: "held"})
    assert await differing(told, kept, [one, other]) == []


async def test_what_never_agrees_is_one() -> None:
    one, other = new_id(), new_id()
    told = Side({one: "sold", other: "sold"})
    kept = Side({one: "held", other: "sold"})
    assert await differing(told, kept, [one, other]) == [one]
