"""Orders by the page, and the history of one."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from libs.database.keyset import read_cursor, write_cursor
from libs.errors import InvalidCursor
from libs.http.fast.compiled_route import CompiledRoute
from libs.http.openapi import error_responses
from libs.http.pagination import Page, PageParams, Pagination, build_page
from libs.tokens.principal import Forbidden
from order_service.api.dependencies import ActorDep, OrderQueriesDep
from order_service.domain.ports import OrderFilter, OrderReads
from order_service.domain.status import Status
from order_service.exceptions import OrderNotFound
from order_service.schemas.orders import HistoryEntry, OrderResponse
from order_service.services.order_filter import order_filter_for

router = APIRouter(tags=["orders"], route_class=CompiledRoute)

DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")


def _written_out(value: Any) -> Any:
    # Pydantic would also take a number, as seconds since 1970, or as milliseconds where there are many.
    if isinstance(value, str) and not DATED.match(value):
        raise ValueError("must be a moment such as 2026-03-01T12:00:00Z")
    return value


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must be within the years 1 to 9999 of UTC") from error


WrittenMoment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]
OfStatus = Annotated[Status | None, Query()]
CreatedFrom = Annotated[WrittenMoment | None, Query(description="At this moment or later.")]
CreatedTo = Annotated[WrittenMoment | None, Query(description="At this moment or earlier.")]


@router.get(
    "/orders",
    summary="List orders, newest first",
    description="Your own; an admin sees everybody's.",
    response_model=Page[OrderResponse],
    responses=error_responses(Forbidden, InvalidCursor),
)
async def list_orders(
    viewer: ActorDep,
    reads: OrderQueriesDep,
    page: Pagination,
    user_id: Annotated[UUID | None, Query(description="For admins: the orders of one user.")] = None,
    status: OfStatus = None,
    created_from: CreatedFrom = None,
    created_to: CreatedTo = None,
) -> dict[str, Any]:
    wanted = order_filter_for(viewer, user_id=user_id, status=status, created_from=created_from, created_to=created_to)
    return await _page(reads, wanted, page)


@router.get(
    "/orders/user/{user_id}",
    summary="List a user's orders, newest first",
    response_model=Page[OrderResponse],
    responses=error_responses(Forbidden, InvalidCursor),
)
async def list_orders_of_user(
    user_id: UUID,
    viewer: ActorDep,
    reads: OrderQueriesDep,
    page: Pagination,
    status: OfStatus = None,
    created_from: CreatedFrom = None,
    created_to: CreatedTo = None,
) -> dict[str, Any]:
    wanted = order_filter_for(viewer, user_id=user_id, status=status, created_from=created_from, created_to=created_to)
    return await _page(reads, wanted, page)


@router.get(
    "/order/{order_id}/history",
    summary="List the changes of an order",
    response_model=Page[HistoryEntry],
    responses=error_responses(OrderNotFound, InvalidCursor),
)
async def read_history(order_id: UUID, viewer: ActorDep, reads: OrderQueriesDep, page: Pagination) -> dict[str, Any]:
    after = 0 if page.cursor is None else read_cursor(page.cursor, "history", [int])[0]
    rows = await reads.history(order_id, viewer, page.limit + 1, after)
    total = await reads.count_history(order_id) if page.with_total else None
    return build_page(rows, page.limit, lambda row: write_cursor("history", [row["version"]]), total)


async def _page(reads: OrderReads, wanted: OrderFilter, page: PageParams) -> dict[str, Any]:
    after = None
    if page.cursor is not None:
        created_at, order_id = read_cursor(page.cursor, "orders", [datetime, UUID])
        after = (created_at, order_id)
    rows = await reads.page(wanted, page.limit + 1, after)
    total = await reads.count(wanted) if page.with_total else None
    return build_page(rows, page.limit, lambda row: write_cursor("orders", [row["created_at"], row["id"]]), total)
