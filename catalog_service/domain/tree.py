"""Categories in the order of a table of contents, without recursion: nesting has no limit, a call stack has."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from catalog_service.domain.search_text import fold

Row = dict[str, Any]


def sibling_order(row: Row) -> tuple[str, UUID]:
    return fold(row["name"]), row["id"]


def depth_first(rows: Iterable[Row]) -> list[Row]:
    """Each row before those below it and after everything below its elder siblings; siblings by name, then id.

    A row whose parent is not among the rows is a root of what is shown.
    """
    ordered = sorted(rows, key=sibling_order, reverse=True)
    present = {row["id"] for row in ordered}
    below: dict[UUID | None, list[Row]] = {}
    for row in ordered:
        parent = row["parent_id"] if row["parent_id"] in present else None
        below.setdefault(parent, []).append(row)

    found: list[Row] = []
    waiting = below.get(None, [])
    while waiting:
        row = waiting.pop()
        found.append(row)
        waiting += below.get(row["id"], ())
    return found


def accumulate_counts(ordered: Sequence[Row]) -> None:
    """Makes each `product_count` the count of the row and of everything below it."""
    by_id = {row["id"]: row for row in ordered}
    for row in reversed(ordered):
        parent = by_id.get(row["parent_id"])
        if parent is not None:
            parent["product_count"] += row["product_count"]


def limit_depth(ordered: Sequence[Row], depth: int) -> list[Row]:
    """Without what is more than `depth` levels below the highest."""
    top = min((row["level"] for row in ordered), default=0)
    return [row for row in ordered if row["level"] - top <= depth]
