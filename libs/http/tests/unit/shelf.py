"""A small API on top of everything in libs.http, for the tests of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import APIRouter, FastAPI
from pydantic import ConfigDict, Field

from libs.errors import DomainError, ErrorKind, Unavailable, expect_version
from libs.http.app import new_api
from libs.http.etag import ExpectedVersions, SetETag
from libs.http.fast.compiled_route import CompiledRoute
from libs.http.fields import Amount, Body, NotNull, Text, TrimmedText
from libs.http.openapi import error_responses
from libs.http.pagination import Page, Pagination, build_page
from libs.http.security import CurrentAdmin, CurrentUser
from libs.observability.context import correlation_id

VERSION = 3


class Gone(DomainError):
    """The book is on loan."""

    kind = ErrorKind.CONFLICT
    code = "on_loan"


class Book(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"title": "Emma"}})

    title: Annotated[TrimmedText, Field(min_length=1, max_length=20)]
    note: Text = ""
    price: Amount = Decimal(0)
    shelf: Annotated[str | None, NotNull] = None


router = APIRouter(prefix="/books", tags=["books"], route_class=CompiledRoute)


@router.post("", summary="Add", responses=error_responses(Gone))
async def add(body: Book) -> Book:
    return body


@router.get("", summary="List", responses=error_responses())
async def books(page: Pagination) -> Page[Book]:
    rows = [{"title": f"book {number}"} for number in range(page.limit + 1)]
    return Page[Book].model_validate(build_page(rows, page.limit, lambda row: row["title"]))


@router.get("/mine", summary="Mine", responses=error_responses())
async def mine(user: CurrentUser) -> dict[str, Any]:
    return {"user": user.user_id}


@router.get("/secret", summary="Secret", responses=error_responses())
async def secret(admin: CurrentAdmin) -> dict[str, Any]:
    return {"admin": admin.user_id}


@router.get("/request-id", summary="What the code sees", responses=error_responses())
async def request_id() -> str:
    return correlation_id.get()


@router.get("/failing/{how}", summary="Fail", responses=error_responses(Gone))
async def failing(how: str) -> None:
    errors: dict[str, Exception] = {
        "defect": RuntimeError("SELECT secret FROM vault"),
        "outage": ConnectionRefusedError("db.internal:5432"),
        "value": asyncpg.NumericValueOutOfRangeError("4711 out of range"),
        "refused": Gone("Ask again in an hour.", retry_after=3600),
        "away": Unavailable("The printer is away."),
    }
    raise errors[how]


@router.get("/{book_id}", summary="One", responses=error_responses())
async def read(book_id: UUID, etag: SetETag) -> dict[str, Any]:
    etag(VERSION)
    return {"id": book_id}


@router.get("/{book_id}/copies", summary="One with what changes beside it", responses=error_responses())
async def read_with_copies(book_id: UUID, copies: str, etag: SetETag) -> dict[str, Any]:
    etag(VERSION, copies)
    return {"id": book_id}


@router.put("/{book_id}", summary="Change", responses=error_responses())
async def change(book_id: UUID, expected: ExpectedVersions, etag: SetETag) -> dict[str, Any]:
    expect_version(VERSION, expected)
    etag(VERSION + 1)
    return {"id": book_id}


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield


def make_app(**settings: Any) -> FastAPI:
    return new_api(
        "shelf",
        "Books.",
        **{"routers": [router], "checks": {}, "lifespan": lifespan, "cors_origins": [], **settings},
    )
