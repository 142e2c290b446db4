"""Products."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from catalog_service.api.dependencies import AdminDep, CurrencyDep, OptionalUserDep, ProductQueriesDep, UowDep
from catalog_service.api.filters import ProductFilterDep
from catalog_service.api.refusing import ADMINS_ONLY, CHANGING, CREATING, DELETING
from catalog_service.domain.product_filter import ProductFilter
from catalog_service.exceptions import CategoryNotFound, ProductNotFound, SkuTaken, SlugTaken
from catalog_service.schemas.products import (
    ProductCreate,
    ProductResponse,
    ProductUpdate,
    ProductWithCategory,
    show,
    with_category,
)
from catalog_service.services import manage_products
from libs.errors import InvalidCursor
from libs.http.app import API
from libs.http.decimal_json import DecimalJSONRoute
from libs.http.etag import ExpectedVersions, SetETag
from libs.http.fast.cache_middleware import CachedRoute, InvalidateCache, MarkCacheable
from libs.http.openapi import error_responses
from libs.http.pagination import Page, Pagination, build_page
from libs.tokens.principal import KeysUnavailable

router = APIRouter(tags=["products"], route_class=DecimalJSONRoute)
# What most people look at most of the time.
public_router = APIRouter(tags=["products"], route_class=CachedRoute)


@router.post(
    "/product",
    summary="Create a product",
    status_code=201,
    response_model=ProductResponse,
    responses=error_responses(*CREATING, CategoryNotFound, SkuTaken, SlugTaken),
)
async def create_product(
    body: ProductCreate, admin: AdminDep, currency: CurrencyDep, uow: UowDep, response: Response, etag: SetETag
) -> dict[str, Any]:
    product, stock = await manage_products.create_product(uow, body.fields, body.stock, currency, admin)
    response.headers["Location"] = f"{API}/products/{product.id}"
    etag(product.version, stock.version)
    return show(product, stock)


@router.get(
    "/products",
    summary="List and search products",
    description="`attr.<name>=<value>` filters by attributes, such as `attr.colour=red`; a name may be repeated for"
    " alternatives. Products that are not active are left out.",
    response_model=Page[ProductResponse],
    responses=error_responses(*ADMINS_ONLY, CategoryNotFound, InvalidCursor),
)
async def list_products(
    wanted: ProductFilterDep, page: Pagination, visitor: OptionalUserDep, reads: ProductQueriesDep
) -> dict[str, Any]:
    if not wanted.is_active:
        await visitor.expect_admin()
    rows = await reads.page(wanted, limit=page.limit, cursor=page.cursor)
    total = await reads.count(wanted) if page.with_total else None
    return build_page(rows, page.limit, lambda row: reads.cursor(wanted, row), total)


@public_router.get(
    "/products/{id_or_slug}",
    summary="Read a product",
    description="The entity tag names the product's version and the stock's, because `available` is shown as well.",
    response_model=ProductResponse,
    responses=error_responses(KeysUnavailable, ProductNotFound),
)
async def read_product(
    id_or_slug: str, visitor: OptionalUserDep, reads: ProductQueriesDep, etag: SetETag, remember: MarkCacheable
) -> dict[str, Any]:
    row = await reads.one(id_or_slug)
    if row["is_active"]:
        remember(row["id"])
    elif not await visitor.is_admin():
        raise ProductNotFound(f"There is no product {id_or_slug}.")
    etag(row["version"], row["stock_version"])
    return row


@router.get(
    "/products_with_category/{category_id}",
    summary="List products with their category",
    response_model=Page[ProductWithCategory],
    responses=error_responses(CategoryNotFound, InvalidCursor),
)
async def list_products_with_category(category_id: UUID, page: Pagination, reads: ProductQueriesDep) -> dict[str, Any]:
    wanted = ProductFilter(category_id=category_id)
    rows = await reads.page(wanted, limit=page.limit, cursor=page.cursor, with_category=True)
    total = await reads.count(wanted) if page.with_total else None
    return build_page([with_category(row) for row in rows], page.limit, lambda row: reads.cursor(wanted, row), total)


@router.put(
    "/product/{product_id}",
    summary="Update a product",
    response_model=ProductResponse,
    responses=error_responses(*CHANGING, ProductNotFound, CategoryNotFound, SkuTaken, SlugTaken),
)
async def change_product(
    product_id: UUID,
    body: ProductUpdate,
    _: AdminDep,
    uow: UowDep,
    expected: ExpectedVersions,
    etag: SetETag,
    forget: InvalidateCache,
) -> dict[str, Any]:
    product, stock = await manage_products.change_product(uow, product_id, body.fields, expected)
    forget(product_id)
    etag(product.version, stock.version)
    return show(product, stock)


@router.delete(
    "/product/{product_id}",
    summary="Delete a product",
    description="It leaves every list at once; its slug and SKU are free again.",
    status_code=204,
    responses=error_responses(*DELETING, ProductNotFound),
)
async def delete_product(
    product_id: UUID, _: AdminDep, uow: UowDep, expected: ExpectedVersions, forget: InvalidateCache
) -> None:
    await manage_products.delete_product(uow, product_id, expected)
    forget(product_id)
