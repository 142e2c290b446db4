"""What every refusal of the shop must look like."""

import re
from typing import Any

import httpx

LEAKS = re.compile(
    r"Traceback|File \\?\"/|sqlalchemy|asyncpg|psycopg|pydantic|SELECT |INSERT INTO|UPDATE .* SET "
    r"|DETAIL:|constraint \\?\"|password_hash|\$2b\$|localhost|postgresql://|amqp://",
)
SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def assert_problem(response: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """A problem document as RFC 9457 and the contract want it; `code` where the contract names it."""
    told = f"{response.request.method} {response.request.url} -> {response.status_code} {response.text[:500]}"
    assert response.status_code == status, told
    assert response.headers.get("content-type", "").split(";")[0] == "application/problem+json", told
    problem: dict[str, Any] = response.json()
    for field, kind in {"type": str, "title": str, "status": int, "detail": str, "instance": str}.items():
        assert isinstance(problem.get(field), kind), f"{field}: {told}"
    assert problem["status"] == status, told
    assert SNAKE_CASE.fullmatch(problem["code"]), told
    assert code is None or problem["code"] == code, f"expected {code}: {told}"
    assert problem["request_id"] == response.headers["x-request-id"], told
    if status == 422:
        assert problem["errors"], told
        for error in problem["errors"]:
            assert isinstance(error["field"], str), told
            assert isinstance(error["message"], str), told
    if status == 401:
        assert response.headers.get("www-authenticate", "").startswith("Bearer"), told
    if status in {429, 503}:
        assert int(response.headers["retry-after"]) > 0, told
    assert not LEAKS.search(response.text), told
    return problem


def assert_answered(response: httpx.Response) -> None:
    """Whatever a client sends, the answer is either a success or a well-formed refusal of what it sent."""
    told = f"{response.request.method} {response.request.url} -> {response.status_code} {response.text[:500]}"
    assert response.status_code < 500, told
    if response.status_code >= 400:
        assert_problem(response, response.status_code)


def refused_fields(problem: dict[str, Any]) -> str:
    return " ".join(error["field"] for error in problem["errors"])


def tagged_version(response: httpx.Response) -> int:
    """The version in an ETag. What stands behind it, in a tag `"3-5"`, is of things shown beside: for caches alone."""
    tag = re.fullmatch(r'"(\d+)(?:-[0-9a-f]+)?"', response.headers["etag"])
    assert tag, response.headers["etag"]
    return int(tag[1])


def ok(response: httpx.Response, status: int = 200) -> Any:
    """The body of an answer that must be a success."""
    told = f"{response.request.method} {response.request.url} -> {response.status_code} {response.text[:1000]}"
    assert response.status_code == status, told
    return response.json() if response.content else None
