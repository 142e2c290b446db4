"""The documentation that each service gives of itself: whole, with examples and every refusal."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.support.clients import ClientFactory, Json
from tests.integration.support.endpoints import ENDPOINTS, PROTECTED, Endpoint
from tests.integration.support.problems import ok
from tests.integration.support.stack import SERVICES

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(params=SERVICES)
async def document(request: pytest.FixtureRequest, switchboard: ClientFactory) -> Json:
    found: Json = ok(await switchboard.root(request.param).get("/openapi.json"))
    return {**found, "service": request.param}


def operations(document: Json) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS & set(item):
            yield f"{method.upper()} {path}", item[method]


def shape(path: str) -> str:
    """A path without the names of its parameters and its trailing slash."""
    parts = path.removeprefix("/api/v1").strip("/").split("/")
    return "/".join("{}" if part.startswith("{") else part for part in parts)


def find(document: Json, endpoint: Endpoint) -> dict[str, Any]:
    for name, operation in operations(document):
        method, path = name.split(" ", 1)
        if method == endpoint.method and shape(path) == shape(endpoint.path):
            return operation
    raise AssertionError(f"{endpoint} is not documented")


def test_every_endpoint_is_documented(document: Json) -> None:
    for endpoint in ENDPOINTS:
        if endpoint.service == document["service"]:
            find(document, endpoint)


def test_authorize_asks_for_a_login_only_where_there_is_one(document: Json) -> None:
    schemes = document["components"]["securitySchemes"].values()
    flows = [scheme["flows"]["password"]["tokenUrl"] for scheme in schemes if scheme["type"] == "oauth2"]
    assert flows == (["/api/v1/auth/token"] if document["service"] == "auth" else [])


def test_every_operation_has_a_summary(document: Json) -> None:
    assert [name for name, operation in operations(document) if not operation.get("summary")] == []


def test_an_operation_stands_there_once(document: Json) -> None:
    shapes = [(name.split(" ")[0], shape(name.split(" ")[1])) for name, _ in operations(document)]
    assert len(shapes) == len(set(shapes)), "the trailing slash is no second operation"
    identifiers = [operation["operationId"] for _, operation in operations(document)]
    assert len(identifiers) == len(set(identifiers))


def test_every_schema_has_an_example(document: Json) -> None:
    schemas = document["components"]["schemas"]
    bare = [
        name
        for name, schema in schemas.items()
        if schema.get("type") == "object" and not (schema.get("example") or schema.get("examples"))
    ]
    assert bare == []


def test_errors_are_documented_as_problems(document: Json) -> None:
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5")):
                assert "application/problem+json" in response.get("content", {}), f"{name} {status}"


def test_the_errors_of_every_endpoint_are_documented(document: Json) -> None:
    missing = []
    for endpoint in ENDPOINTS:
        if endpoint.service != document["service"]:
            continue
        documented = set(find(document, endpoint)["responses"])
        expected = set()
        if endpoint in PROTECTED:
            expected.add("401")
        if endpoint.who == "admin":
            expected.add("403")
        if "{id}" in endpoint.path and endpoint.path != "/orders/user/{id}":
            expected.add("404")
        if endpoint.writes:
            expected |= {"413", "422"}
        if endpoint.method in {"PUT", "PATCH"}:
            expected.add("412")
        if endpoint.path == "/auth/login":
            expected |= {"401", "429"}
        if endpoint.path in {"/auth/register", "/category", "/product"}:
            expected.add("409")
        missing += [f"{endpoint}: {status}" for status in sorted(expected - documented)]
    assert missing == []


def test_a_success_is_documented_with_its_status(document: Json) -> None:
    for endpoint in ENDPOINTS:
        if endpoint.service == document["service"]:
            documented = set(find(document, endpoint)["responses"])
            created = endpoint.path in {"/auth/register", "/category", "/product", "/order"}
            removed = endpoint.method == "DELETE" or endpoint.path == "/auth/logout"
            expected = "201" if created and endpoint.method == "POST" else "204" if removed else None
            assert expected is None or expected in documented, endpoint
