"""Stock, for admins."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from catalog_service.api.dependencies import AdminDep, StockQueriesDep, UowDep
from catalog_service.api.refusing import ADMINS_ONLY, CREATING
from catalog_service.domain.stock import Stock
from catalog_service.exceptions import ProductNotFound, StockTooHigh, StockTooLow
from catalog_service.schemas.stock import StockAdjustment, StockResponse, StockWithLedger
from catalog_service.services.adjust_stock import adjust_stock
from libs.errors import InvalidCursor
from libs.http.etag import SetETag
from libs.http.fast.cache_middleware import InvalidateCache
from libs.http.fast.compiled_route import CompiledRoute
from libs.http.openapi import error_responses
from libs.http.pagination import Pagination, build_page

router = APIRouter(tags=["stock"], route_class=CompiledRoute)


@router.post(
    "/product/{product_id}/stock",
    summary="Adjust stock",
    response_model=StockResponse,
    responses=error_responses(*CREATING, ProductNotFound, StockTooLow, StockTooHigh),
)
async def change_stock(
    product_id: UUID, body: StockAdjustment, admin: AdminDep, uow: UowDep, etag: SetETag, forget: InvalidateCache
) -> Stock:
    stock = await adjust_stock(uow, product_id, body.delta, body.reason, admin)
    forget(product_id)
    etag(stock.version)
    return stock


@router.get(
    "/product/{product_id}/stock",
    summary="Read a product's stock and ledger",
    response_model=StockWithLedger,
    responses=error_responses(*ADMINS_ONLY, ProductNotFound, InvalidCursor),
)
async def read_stock(
    product_id: UUID, page: Pagination, _: AdminDep, reads: StockQueriesDep, etag: SetETag
) -> dict[str, Any]:
    stock = await reads.one(product_id)
    etag(stock["version"])
    rows = await reads.ledger(product_id, limit=page.limit, cursor=page.cursor)
    ledger = build_page(rows, page.limit, reads.cursor)
    return {**stock, "ledger": ledger["items"], "next_cursor": ledger["next_cursor"]}
