import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from libs.http.request_middleware import MAX_BODY
from libs.http.tests.unit.shelf import make_app

JSON = {"Content-Type": "application/json"}


async def test_a_well_formed_request_id_is_kept_everywhere(client: httpx.AsyncClient) -> None:
    response = await client.get("/books/request-id", headers={"X-Request-ID": "story-1"})
    assert response.headers["x-request-id"] == "story-1"
    assert response.json() == "story-1"


@pytest.mark.parametrize("given", [b"", b"two words", b"x" * 129, b"<b>", "ü".encode()])
async def test_another_one_is_replaced(client: httpx.AsyncClient, given: bytes) -> None:
    response = await client.get("/books/request-id", headers=[(b"X-Request-ID", given)])
    assert response.headers["x-request-id"] == response.json()
    assert response.headers["x-request-id"].encode() != given


async def test_requests_at_once_keep_their_ids_apart(client: httpx.AsyncClient) -> None:
    names = [f"request-{number}" for number in range(20)]
    answers = await asyncio.gather(*(client.get("/books/request-id", headers={"X-Request-ID": name}) for name in names))
    assert [answer.json() for answer in answers] == names


@pytest.mark.parametrize("path", ["/books", "/books/", "/books/request-id", "/books/request-id/"])
async def test_a_trailing_slash_is_forgiven_without_a_redirect(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200


async def test_an_announced_body_over_the_limit_is_413_whether_it_is_read_or_not(client: httpx.AsyncClient) -> None:
    for path in ("/books", "/nothing"):
        response = await client.post(path, content=b" " * (MAX_BODY + 1), headers=JSON)
        assert response.status_code == 413
        assert response.json()["code"] == "body_too_large"
        assert response.headers["x-request-id"] == response.json()["request_id"]


async def test_a_chunked_body_over_the_limit_is_413(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * (MAX_BODY // 4)

    response = await client.post("/books", content=chunks(), headers=JSON)
    assert response.status_code == 413
    assert response.json()["code"] == "body_too_large"


async def test_a_body_at_the_limit_is_taken(client: httpx.AsyncClient) -> None:
    body = b'{"title": "t"}'.ljust(MAX_BODY)
    assert (await client.post("/books", content=body, headers=JSON)).status_code == 200


async def test_requests_are_measured_by_their_route(client: httpx.AsyncClient) -> None:
    await client.get("/books/0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e")
    page = (await client.get("http://shelf/metrics")).text
    assert 'route="/books/{book_id}",status="200"' in page
    assert "0199f3a4" not in page


async def test_other_origins_may_read_only_where_that_is_set(client: httpx.AsyncClient) -> None:
    origin = {"Origin": "https://shop.example"}
    assert "access-control-allow-origin" not in (await client.get("/books", headers=origin)).headers
    allowing: FastAPI = make_app(cors_origins=["https://shop.example"])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(allowing), base_url="http://shelf/api/v1") as open_to:
        for path in ("", "/failing/refused", "/failing/outage", "/failing/defect"):
            answer = await open_to.get(f"/books{path}", headers=origin)
            assert answer.headers["access-control-allow-origin"] == "https://shop.example", path
            assert "X-Request-ID" in answer.headers["access-control-expose-headers"]
