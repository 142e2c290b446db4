import json
from typing import Any
from uuid import UUID

from catalog_service.api.tree import flat_json, nested_json
from catalog_service.domain.tree import accumulate_counts, depth_first, limit_depth

MOMENT = "2026-01-31T09:30:00Z"


def row(number: int, parent: int | None, level: int, name: str, count: int = 0) -> dict[str, Any]:
    return {
        "id": UUID(int=number),
        "parent_id": None if parent is None else UUID(int=parent),
        "level": level,
        "name": name,
        "slug": f"slug-{number}",
        "product_count": count,
        "version": 1,
        "created_at": MOMENT,
        "updated_at": MOMENT,
    }


ROWS = [
    row(5, 2, 2, "deep", 1),
    row(3, 1, 1, "b", 2),
    row(1, None, 0, "Zoo", 4),
    row(2, 1, 1, "Ä", 8),
    row(4, None, 0, "ant"),
    row(6, 1, 1, "b", 16),
]


def numbers(rows: list[dict[str, Any]]) -> list[int]:
    return [each["id"].int for each in rows]


def test_siblings_are_in_the_order_of_their_names_then_ids() -> None:
    assert numbers(depth_first(ROWS)) == [4, 1, 2, 5, 3, 6]


def test_a_subtree_begins_where_the_rows_do() -> None:
    assert numbers(depth_first([ROWS[0], ROWS[3]])) == [2, 5]


def test_counts_add_up() -> None:
    ordered = [dict(each) for each in depth_first(ROWS)]
    accumulate_counts(ordered)
    assert [each["product_count"] for each in ordered] == [0, 31, 9, 1, 2, 16]


def test_a_cut_is_relative_to_the_highest() -> None:
    ordered = depth_first(ROWS)
    assert numbers(limit_depth(ordered, 1)) == [4, 1, 2, 3, 6]
    assert numbers(limit_depth(depth_first([ROWS[0], ROWS[3]]), 0)) == [2]
    assert limit_depth([], 0) == []


def test_the_nested_and_the_flat_say_the_same() -> None:
    ordered = depth_first(ROWS)
    flat = json.loads(flat_json(ordered))["items"]
    nested = json.loads(nested_json(ordered))["items"]
    found = []

    def visit(node: dict[str, Any]) -> None:
        children = node.pop("children")
        found.append(node)
        for child in children:
            assert child["parent_id"] == node["id"]
            visit(child)

    for root in nested:
        visit(root)
    assert found == flat
    assert json.loads(nested_json([])) == {"items": [], "next_cursor": None}
