"""Categories."""

import hashlib
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from catalog_service.api.dependencies import AdminDep, CategoryQueriesDep, UowDep
from catalog_service.api.refusing import CHANGING, CREATING, DELETING
from catalog_service.api.tree import flat_json, nested_json
from catalog_service.domain.category import Category
from catalog_service.domain.tree import limit_depth
from catalog_service.exceptions import (
    CategoryCycle,
    CategoryNameTaken,
    CategoryNotEmpty,
    CategoryNotFound,
    SlugTaken,
)
from catalog_service.schemas.categories import (
    CategoryCreate,
    CategoryDetails,
    CategoryList,
    CategoryResponse,
    CategoryTree,
    CategoryUpdate,
)
from catalog_service.services import manage_categories
from libs.http.app import API
from libs.http.etag import ExpectedVersions, SetETag
from libs.http.fast.compiled_route import CompiledRoute
from libs.http.openapi import error_responses

router = APIRouter(tags=["categories"], route_class=CompiledRoute)


@router.post(
    "/category",
    summary="Create a category",
    status_code=201,
    response_model=CategoryResponse,
    responses=error_responses(*CREATING, CategoryNotFound, CategoryNameTaken, SlugTaken),
)
async def create_category(
    body: CategoryCreate, _: AdminDep, uow: UowDep, response: Response, etag: SetETag
) -> Category:
    category = await manage_categories.create_category(uow, body.name, body.slug, body.parent_id)
    response.headers["Location"] = f"{API}/category/{category.id}"
    etag(category.version)
    return category


@router.get(
    "/categories",
    summary="List all categories",
    description="Depth first, siblings by name. Always whole: a table of contents has no pages.",
    response_class=Response,
    responses={
        200: {"model": CategoryList | CategoryTree, "description": "`view=tree` nests them as `children`."},
        **error_responses(CategoryNotFound),
    },
)
async def list_categories(
    reads: CategoryQueriesDep,
    root_id: Annotated[UUID | None, Query(description="Only this category and what is below it.")] = None,
    view: Literal["flat", "tree"] = "flat",
    depth: Annotated[int | None, Query(ge=0, le=2**31, description="0: without what is below the roots.")] = None,
) -> Response:
    rows = await reads.tree(root_id)
    shown = rows if depth is None else limit_depth(rows, depth)
    body = nested_json(shown) if view == "tree" else flat_json(shown)
    return Response(body, media_type="application/json")


@router.get(
    "/category/{id_or_slug}",
    summary="Read a category",
    response_model=CategoryDetails,
    responses=error_responses(CategoryNotFound),
)
async def read_category(id_or_slug: str, reads: CategoryQueriesDep, etag: SetETag) -> dict[str, Any]:
    row = await reads.one(id_or_slug)
    etag(row["version"], _digest([*row["ancestors"], *row["children"]]))
    return row


@router.put(
    "/category/{category_id}",
    summary="Update a category",
    description="What is below it moves with it. Each category whose level changes gets a new version.",
    response_model=CategoryResponse,
    responses=error_responses(*CHANGING, CategoryNotFound, CategoryNameTaken, SlugTaken, CategoryCycle),
)
async def change_category(
    category_id: UUID, body: CategoryUpdate, _: AdminDep, uow: UowDep, expected: ExpectedVersions, etag: SetETag
) -> Category:
    category = await manage_categories.change_category(uow, category_id, body.fields, expected)
    etag(category.version)
    return category


@router.delete(
    "/category/{category_id}",
    summary="Delete an empty category",
    status_code=204,
    responses=error_responses(*DELETING, CategoryNotFound, CategoryNotEmpty),
)
async def delete_category(category_id: UUID, _: AdminDep, uow: UowDep, expected: ExpectedVersions) -> None:
    await manage_categories.delete_category(uow, category_id, expected)


def _digest(relatives: list[dict[str, Any]]) -> str | None:
    """Of what is shown of other categories, so that nobody keeps a page that lacks a new child."""
    if not relatives:
        return None
    seen = "".join(f"{each['id']}{each['version']}" for each in relatives)
    return hashlib.blake2s(seen.encode(), digest_size=8).hexdigest()
