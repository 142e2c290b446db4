from typing import Any

import pytest
from fastapi import APIRouter, FastAPI

from libs.http.tests.unit.shelf import make_app, router

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@pytest.fixture
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def answers(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    responses: dict[str, Any] = document["paths"][f"/api/v1/books{path}"][method]["responses"]
    return responses


def test_every_refusal_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    conflict = answers(document, "post", "")["409"]
    assert conflict["description"] == "`on_loan` The book is on loan"
    assert conflict["content"] == PROBLEM
    assert {"409", "413", "422", "503"} <= set(answers(document, "post", ""))


def test_what_follows_from_the_form_of_an_endpoint_need_not_be_named(document: dict[str, Any]) -> None:
    assert "412" in answers(document, "put", "/{book_id}")
    assert "401" in answers(document, "get", "/mine")
    assert "403" not in answers(document, "get", "/mine")
    assert {"401", "403"} <= set(answers(document, "get", "/secret"))
    assert not {"401", "403", "412", "413"} & set(answers(document, "get", ""))
    assert answers(document, "get", "/secret")["403"]["content"] == PROBLEM


def test_asking_twice_documents_it_once(app: FastAPI) -> None:
    first = str(app.openapi())
    assert str(app.openapi()) == first


def test_authorize_logs_in_where_that_can_be_done_and_takes_a_token_elsewhere() -> None:
    def scheme(*routers: APIRouter) -> dict[str, Any]:
        found: dict[str, Any] = make_app(routers=[router, *routers]).openapi()
        assert found["paths"]["/api/v1/books/secret"]["get"]["security"] == [{"OAuth2PasswordBearer": ["admin"]}]
        return dict(found["components"]["securitySchemes"]["OAuth2PasswordBearer"])

    assert scheme() == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    tokens = APIRouter()
    tokens.post("/auth/token")(lambda: None)
    assert scheme(tokens)["flows"]["password"]["tokenUrl"] == "/api/v1/auth/token"


def test_every_schema_has_an_example(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Page_Book_"]["example"] == {"items": [{"title": "Emma"}], "next_cursor": "WyJuZXdlc3QiXQ"}
    assert all("example" in schema for schema in schemas.values())
