"""A plan answers as FastAPI does: the same endpoints, with plans and without."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse
from starlette.types import Message

from libs.errors import DomainError, ErrorKind
from libs.http.app import new_api
from libs.http.etag import ExpectedVersions, SetETag
from libs.http.fast.compiled_route import CompiledEndpoint, CompiledRoute
from libs.http.fields import Body, Money, Timestamp
from libs.http.pagination import Page, Pagination, build_page
from libs.http.request_middleware import MAX_BODY

ID = "0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e"
JSON = {"Content-Type": "application/json"}
LONG = 1024 * 1024 + 1


class Absent(DomainError):
    """There is no such thing."""

    kind = ErrorKind.NOT_FOUND
    code = "absent"


class Wish(Body):
    name: Annotated[str, Field(min_length=2)]
    count: int = 1


class Thing(BaseModel):
    id: UUID
    price: Money
    at: Timestamp
    note: str | None = None


async def counted(request: Request) -> int:
    request.state.calls = getattr(request.state, "calls", 0) + 1
    calls: int = request.state.calls
    return calls


Counted = Annotated[int, Depends(counted)]


async def again(first: Counted) -> int:
    return first


async def doorkeeper(x_word: Annotated[str | None, Header()] = None) -> None:
    if x_word == "wrong":
        raise Absent("Nobody is at home.")


async def held() -> AsyncIterator[dict[str, bool]]:
    thing = {"is_let_go_of": False}
    yield thing
    thing["is_let_go_of"] = True


def things(route_class: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/things", route_class=route_class, dependencies=[Depends(doorkeeper)])

    @router.get("/{thing_id}", response_model=Thing)
    async def read(thing_id: UUID, etag: SetETag, first: Counted, second: Annotated[int, Depends(again)]) -> Any:
        etag(7)
        assert first == second == 1
        return {"id": thing_id, "price": Decimal("1.5"), "at": "2026-01-31T09:30:00+01:00", "more": "left out"}

    @router.get("", response_model=Page[Thing])
    async def some(
        page: Pagination, kind: Annotated[str, Query(min_length=3)] = "any", price: Decimal | None = None
    ) -> Any:
        rows = [{"id": ID, "price": price or 0, "at": "2026-01-31T09:30:00Z", "note": kind} for _ in range(page.limit)]
        return build_page(rows, page.limit, lambda row: row["id"])

    @router.post("", status_code=201, response_model=Wish)
    async def add(body: Wish, response: Response, expected: ExpectedVersions) -> Any:
        response.headers["Location"] = "/there"
        if body.count > 1:
            response.status_code = 202
        return {"name": body.name, "count": len(expected or ())}

    @router.delete("/{thing_id}", status_code=204)
    async def remove(thing_id: UUID, must: bool, response: Response) -> None:
        response.headers["X-Removed"] = f"{thing_id} {must}"

    @router.get("/{thing_id}/photo")
    async def photo(thing_id: str) -> Response:
        return Response(thing_id.encode(), media_type="image/png", headers={"ETag": '"1"'})

    @router.get("/all/held")
    async def stream(thing: Annotated[dict[str, bool], Depends(held)]) -> Response:
        async def content() -> AsyncIterator[str]:
            yield f"{thing}"

        return StreamingResponse(content())

    @router.get("/all/tags", response_model=list[str])
    async def tags(tag: Annotated[list[str], Query()]) -> Any:
        return tag

    return router


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield


def app_with(route_class: type[APIRoute]) -> FastAPI:
    return new_api("things", "Things.", routers=[things(route_class)], checks={}, lifespan=lifespan, cors_origins=[])


async def answer(app: FastAPI, method: str, path: str, **request: Any) -> tuple[int, dict[str, str], str]:
    transport, same_id = httpx.ASGITransport(app), {"X-Request-ID": "compared"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://things/api/v1/things", headers=same_id
    ) as client:
        response = await client.request(method, path, **request)
    return response.status_code, dict(response.headers), response.text


@pytest.mark.parametrize(
    ("method", "path", "request_"),
    [
        ("GET", f"/{ID}", {}),
        ("GET", f"/{ID}", {"headers": {"If-None-Match": 'W/"7"'}}),
        ("GET", f"/{ID}", {"headers": {"X-Word": "wrong"}}),
        ("GET", "/no-id", {}),
        ("GET", "/no-id", {"headers": {"X-Word": "wrong"}}),
        ("GET", "", {}),
        ("GET", "?limit=2&kind=odd&price=1.25&unheard=of", {}),
        ("GET", "?limit=2&limit=3", {}),
        ("GET", "?limit=101&kind=x&with_total=perhaps", {}),
        ("GET", "?kind=", {}),
        ("POST", "", {"content": b'{"name": "lamp"}', "headers": JSON}),
        ("POST", "", {"content": b'{"name": "lamp", "count": 2}', "headers": {**JSON, "If-Match": '"1", "2"'}}),
        ("POST", "", {"content": b'{"name": "lamp"}', "headers": {"Content-Type": "application/json; charset=utf-8"}}),
        ("POST", "", {"content": b'{"name": "lamp"}', "headers": {"Content-Type": "application/vnd.things+json"}}),
        ("POST", "", {"content": b'{"name": "lamp"}', "headers": {"Content-Type": "application/jsonish"}}),
        ("POST", "", {"content": b'{"name": "lamp"}', "headers": {"Content-Type": "text/plain"}}),
        ("POST", "", {"content": b'{"name": "l", "colour": 1}', "headers": JSON}),
        ("POST", "", {"content": b"[" * 100_000, "headers": JSON}),
        ("POST", "", {"content": b'{"name": ', "headers": JSON}),
        ("POST", "", {"content": b"\xff\xfe", "headers": JSON}),
        ("POST", "", {"content": b"", "headers": JSON}),
        ("POST", "", {"content": b" " * LONG, "headers": JSON}),
        ("DELETE", f"/{ID}?must=yes", {}),
        ("DELETE", f"/{ID}", {}),
        ("GET", "/9/photo", {}),
        ("GET", "/all/tags?tag=a&tag=b", {}),
        ("GET", "/all/tags", {}),
        ("GET", "/all/held", {}),
        ("HEAD", f"/{ID}", {}),
        ("PATCH", f"/{ID}", {}),
        ("GET", f"/{ID}/", {}),
        ("GET", f"/{ID}/nothing", {}),
    ],
)
async def test_both_say_the_same(method: str, path: str, request_: dict[str, Any]) -> None:
    assert await answer(app_with(CompiledRoute), method, path, **request_) == await answer(
        app_with(APIRoute), method, path, **request_
    )


async def test_a_body_that_comes_in_pieces_is_read_once() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"name": ', b'"l"}'):
            yield piece

    said = [
        await answer(app_with(route_class), "POST", "", content=pieces(), headers=JSON)
        for route_class in (CompiledRoute, APIRoute)
    ]
    assert said[0] == said[1]
    assert said[0][0] == 422


async def told(app: FastAPI, *messages: Message) -> list[Message]:
    """What is sent to a client of whom no more is heard than `messages`."""
    arriving, sent = iter(messages), list[Message]()

    async def receive() -> Message:
        for message in arriving:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/things",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"x-request-id", b"compared")],
    }
    async with asyncio.timeout(5):
        await app(scope, receive, send)
    return sent


async def test_a_body_that_is_too_large_by_its_last_byte_is_refused_at_once() -> None:
    chunks = [
        {"type": "http.request", "body": b" " * MAX_BODY, "more_body": True},
        {"type": "http.request", "body": b" ", "more_body": False},
    ]
    for route_class in (CompiledRoute, APIRoute):
        sent = await told(app_with(route_class), *chunks)
        assert sent[0]["status"] == 413


async def test_a_client_that_leaves_before_its_body_is_whole_is_nobodys_fault() -> None:
    half = {"type": "http.request", "body": b'{"name": ', "more_body": True}
    gone = {"type": "http.disconnect"}
    planned, usual = [await told(app_with(kind), half, gone, gone) for kind in (CompiledRoute, APIRoute)]
    assert planned == usual
    assert planned[0]["status"] == 422


def test_what_no_plan_foresees_is_left_to_fastapi() -> None:
    routes = [route for route in things(CompiledRoute).routes if isinstance(route, APIRoute)]
    assert {route.name for route in routes if CompiledEndpoint.of(route) is None} == {"photo", "stream", "tags"}


async def test_dependencies_can_be_overridden() -> None:
    async def strict(x_password: Annotated[str | None, Header()] = None) -> None:
        if x_password != "open":
            raise Absent("Nobody is at home.")

    app = app_with(CompiledRoute)
    app.dependency_overrides[doorkeeper] = strict
    assert (await answer(app, "GET", ""))[0] == 404
    assert (await answer(app, "GET", "", headers={"X-Password": "open"}))[0] == 200
    assert (await answer(app, "GET", "/9/photo"))[0] == 404
