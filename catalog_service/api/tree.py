"""The list of categories as JSON, flat or nested.

Written here from one end to the other, because every recursive writer gives up some hundred levels down.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from catalog_service.schemas.categories import CountedCategory

Row = dict[str, Any]


def flat_json(rows: Iterable[Row]) -> str:
    return _page(",".join(_json(row) for row in rows))


def nested_json(rows: Sequence[Row]) -> str:
    """`rows` are depth first: each either goes into the one before it, or after one that is above that."""
    parts: list[str] = []
    open_levels: list[int] = []
    for row in rows:
        if open_levels and row["level"] <= open_levels[-1]:
            while open_levels and row["level"] <= open_levels[-1]:
                open_levels.pop()
                parts.append("]}")
            parts.append(",")
        parts.append(_json(row)[:-1] + ',"children":[')
        open_levels.append(row["level"])
    parts.append("]}" * len(open_levels))
    return _page("".join(parts))


def _json(row: Row) -> str:
    return CountedCategory.model_validate(row).model_dump_json()


def _page(items: str) -> str:
    return f'{{"items":[{items}],"next_cursor":null}}'
