"""One page of a list, the same in every service."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")


def _page_of_the_items_example(schema: dict[str, Any], page: type[BaseModel]) -> None:
    (item,) = page.__pydantic_generic_metadata__["args"] or (None,)
    extra = getattr(item, "model_config", {}).get("json_schema_extra")
    if isinstance(extra, dict):
        schema["example"] = {"items": [extra["example"]], "next_cursor": "WyJuZXdlc3QiXQ"}


class Page(BaseModel, Generic[Item]):
    model_config = ConfigDict(json_schema_extra=_page_of_the_items_example)

    items: list[Item]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")
    total: int | None = Field(
        default=None,
        description="Only with `with_total=true`: how many there are on all pages.",
        exclude_if=lambda total: total is None,
    )


@dataclass(frozen=True, slots=True)
class PageParams:
    """Which page a client asks for. `limit` is in items, 1 to 100."""

    limit: int
    cursor: str | None
    with_total: bool


async def _page_params(
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    with_total: Annotated[bool, Query()] = False,
) -> PageParams:
    # A class would be called in a thread of its own, which costs more than all else here.
    return PageParams(limit, cursor, with_total)


Pagination = Annotated[PageParams, Depends(_page_params)]


def build_page(
    rows: Sequence[dict[str, Any]],
    limit: int,
    cursor_of: Callable[[dict[str, Any]], str],
    total: int | None = None,
) -> dict[str, Any]:
    """A page from `limit + 1` rows: the one too many tells, without counting, that there is a next page."""
    items = rows[:limit]
    more = len(rows) > limit
    page: dict[str, Any] = {"items": items, "next_cursor": cursor_of(items[-1]) if more else None}
    return page if total is None else page | {"total": total}
