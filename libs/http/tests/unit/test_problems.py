import json

import httpx
import pytest


def problem_of(response: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, object] = response.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"urn:shop:problem:{code}"
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["title"]
    assert problem["detail"]
    return problem


async def test_a_refusal_is_told_as_it_is(client: httpx.AsyncClient) -> None:
    response = await client.get("/books/failing/refused")
    problem = problem_of(response, 409, "on_loan")
    assert problem["title"] == "The book is on loan"
    assert problem["detail"] == "Ask again in an hour."
    assert problem["instance"] == "/api/v1/books/failing/refused"
    assert response.headers["retry-after"] == "3600"


async def test_what_is_away_says_when_to_come_again(client: httpx.AsyncClient) -> None:
    response = await client.get("/books/failing/away")
    problem_of(response, 503, "service_unavailable")
    assert int(response.headers["retry-after"]) > 0


async def test_a_defect_is_500_and_tells_nothing_of_the_inside(client: httpx.AsyncClient) -> None:
    response = await client.get("/books/failing/defect")
    problem_of(response, 500, "internal_error")
    assert "vault" not in response.text


async def test_a_database_that_is_away_is_503(client: httpx.AsyncClient) -> None:
    response = await client.get("/books/failing/outage")
    problem_of(response, 503, "service_unavailable")
    assert response.headers["retry-after"]
    assert "db.internal" not in response.text


async def test_a_value_that_cannot_be_stored_is_422(client: httpx.AsyncClient) -> None:
    problem = problem_of(await client.get("/books/failing/value"), 422, "invalid_value")
    assert problem["errors"]
    assert "4711" not in json.dumps(problem)


async def test_each_wrong_field_is_named(client: httpx.AsyncClient) -> None:
    body = {"title": "", "price": "-1", "colour": "red"}
    problem = problem_of(await client.post("/books", json=body), 422, "validation_error")
    errors = problem["errors"]
    assert isinstance(errors, list)
    assert {error["field"] for error in errors} == {"title", "price", "colour"}
    assert all(error["message"] for error in errors)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"title": ' + b"9" * 5000 + b"}"]
)
async def test_a_body_that_is_no_json_object_is_422(client: httpx.AsyncClient, content: bytes) -> None:
    response = await client.post("/books", content=content, headers={"Content-Type": "application/json"})
    assert problem_of(response, 422, "validation_error")["errors"]


@pytest.mark.parametrize("text", [r"a\u0000b", r"\ud800", r"\udc00x"])
@pytest.mark.parametrize("field", ["title", "note"])
async def test_text_that_cannot_be_stored_is_422(client: httpx.AsyncClient, field: str, text: str) -> None:
    content = f'{{"title": "t", "{field}": "{text}"}}'
    response = await client.post("/books", content=content, headers={"Content-Type": "application/json"})
    errors = problem_of(response, 422, "validation_error")["errors"]
    assert isinstance(errors, list)
    assert errors[0]["field"] == field


async def test_an_unknown_path_is_404(client: httpx.AsyncClient) -> None:
    problem_of(await client.get("/nothing"), 404, "not_found")


async def test_a_wrong_method_is_405_and_says_what_is_allowed(client: httpx.AsyncClient) -> None:
    response = await client.delete("/books")
    problem_of(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "GET, POST"


async def test_without_a_token_it_is_401(client: httpx.AsyncClient) -> None:
    response = await client.get("/books/mine")
    problem_of(response, 401, "not_authenticated")
    assert response.headers["www-authenticate"] == "Bearer"
