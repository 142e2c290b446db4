import uuid

import httpx
import pytest

from tests.integration.support.clients import ClientFactory, ServiceClients
from tests.integration.support.problems import assert_problem
from tests.integration.support.stack import SERVICES

PLACES = ["/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs", "/nothing", "/api/v1/orders"]


async def test_a_request_id_of_the_client_comes_back(switchboard: ClientFactory) -> None:
    for service in SERVICES:
        for path in PLACES:
            sent = str(uuid.uuid4())
            response = await switchboard.root(service).get(path, headers={"X-Request-ID": sent})
            assert response.headers["x-request-id"] == sent, f"{service} {path}"


async def test_every_answer_carries_a_request_id_of_its_own(switchboard: ClientFactory) -> None:
    for service in SERVICES:
        seen = [(await switchboard.root(service).get(path)).headers["x-request-id"] for path in PLACES]
        assert len(set(seen)) == len(PLACES)
        assert all(seen)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "sent", [b"", b"two words", b"x" * 5000, b"line\tbreak", b"\xff\xfe", b"<script>", b"{{7*7}}", b"'; --"]
)
async def test_a_malformed_request_id_is_replaced(nobody: ServiceClients, service: str, sent: bytes) -> None:
    response = await nobody.to(service).get("/nothing", headers={b"X-Request-ID": sent})
    assert_problem(response, 404)
    assert response.headers["x-request-id"].encode("latin-1") != sent
    assert response.headers["x-request-id"]


@pytest.mark.parametrize("service", SERVICES)
async def test_no_other_origin_may_read_answers_by_default(nobody: ServiceClients, service: str) -> None:
    origin = {"Origin": "https://elsewhere.example"}
    simple = await nobody.to(service).get("/products", headers=origin)
    assert "access-control-allow-origin" not in simple.headers
    preflight = await nobody.to(service).options(
        "/products", headers={**origin, "Access-Control-Request-Method": "POST"}
    )
    assert "access-control-allow-origin" not in preflight.headers
    assert preflight.status_code < 500


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "header",
    [
        {b"Authorization": b"Bearer \xff\xfe"},
        {b"Authorization": b"Bearer " + b"x" * 16000},
        {b"If-None-Match": b"\xff"},
        {b"If-Match": b'"' + b"9" * 5000 + b'"'},
        {b"Accept": b"application/xml"},
        {b"Accept-Language": b"\xff"},
        {b"Content-Type": b"application/json; charset=nonsense"},
        {b"traceparent": b"00-nonsense-\xff"},
        {b"X-Forwarded-For": b"\xff, ::::"},
    ],
    ids=lambda header: next(iter(header)).decode(),
)
async def test_strange_headers_break_nothing(admin: ServiceClients, service: str, header: dict[bytes, bytes]) -> None:
    path = {"auth": "/users/me", "catalog": "/products?limit=1", "order": "/orders?limit=1"}[service]
    response: httpx.Response = await admin.to(service).get(path, headers=header)
    assert response.status_code in {200, 401, 406}, response.text
