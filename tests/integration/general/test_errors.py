from collections.abc import AsyncIterator

import httpx
import pytest

from tests.integration.support.clients import Account, ClientFactory, ServiceClients
from tests.integration.support.endpoints import ENDPOINTS, WRITES, Endpoint
from tests.integration.support.factories import make_product
from tests.integration.support.problems import assert_problem, refused_fields
from tests.integration.support.stack import SERVICES

MIB = 1024 * 1024


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("path", ["/", "/nothing/here", "/user\u00fcber", "/%2e%2e/%2e%2e/etc/passwd"])
async def test_an_unknown_path_is_404(nobody: ServiceClients, service: str, path: str) -> None:
    assert_problem(await nobody.to(service).get(path), 404)


@pytest.mark.parametrize("service", SERVICES)
async def test_an_unknown_path_outside_the_api_is_404(switchboard: ClientFactory, service: str) -> None:
    assert_problem(await switchboard.root(service).get("/nothing"), 404)


@pytest.mark.parametrize(
    ("service", "method", "path", "allowed"),
    [
        ("auth", "GET", "/auth/login", "POST"),
        ("catalog", "PATCH", "/product/00000000-0000-7000-8000-000000000000", "DELETE, PUT"),
        ("order", "PUT", "/orders", "GET"),
    ],
)
async def test_a_wrong_method_is_405(
    nobody: ServiceClients, service: str, method: str, path: str, allowed: str
) -> None:
    response = await nobody.to(service).request(method, path)
    assert_problem(response, 405)
    assert response.headers["allow"] == allowed


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
async def test_a_path_answers_with_and_without_its_trailing_slash(nobody: ServiceClients, endpoint: Endpoint) -> None:
    plain = await endpoint.call(nobody)
    slashed = await endpoint.call(nobody, suffix="/")
    assert not plain.is_redirect
    assert slashed.status_code == plain.status_code
    assert plain.status_code != 405
    if plain.is_error:
        assert_problem(slashed, plain.status_code, plain.json()["code"])


@pytest.mark.parametrize("endpoint", WRITES, ids=str)
async def test_an_unknown_field_does_not_pass_in_silence(admin: ServiceClients, endpoint: Endpoint) -> None:
    body = {**(endpoint.body or {}), "a_field_nobody_knows": 1}
    problem = assert_problem(await endpoint.call(admin, json=body), 422)
    assert "a_field_nobody_knows" in refused_fields(problem)


@pytest.mark.parametrize("endpoint", [e for e in WRITES if e.path != "/auth/verify"], ids=str)
@pytest.mark.parametrize("body", [b"", b"{", b'{"a": }', b"nonsense", b"\xff\xfe\x00", b'"text"', b"[]", b"null"])
async def test_a_body_that_is_no_json_object_is_422(admin: ServiceClients, endpoint: Endpoint, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert_problem(await endpoint.call(admin, content=body, headers=headers), 422)


async def test_json_sent_as_text_is_not_taken_for_json(admin: ServiceClients) -> None:
    response = await admin.catalog.post("/category", content=b'{"name": "x"}', headers={"Content-Type": "text/plain"})
    assert response.status_code in {415, 422}
    assert_problem(response, response.status_code)


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.method in {"POST", "PUT", "PATCH"}], ids=str)
async def test_a_body_over_1_mib_is_413(admin: ServiceClients, endpoint: Endpoint) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded" if endpoint.form else "application/json"}
    body = b'{"name": "' + b"x" * MIB + b'"}'
    assert_problem(await endpoint.call(admin, content=body, headers=headers), 413)


@pytest.mark.parametrize("endpoint", WRITES, ids=str)
async def test_a_chunked_body_over_1_mib_is_413(admin: ServiceClients, endpoint: Endpoint) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * (MIB // 16)

    headers = {"Content-Type": "application/json"}
    assert_problem(await endpoint.call(admin, content=chunks(), headers=headers), 413)


async def test_a_body_of_exactly_1_mib_is_taken(admin: ServiceClients) -> None:
    product = await make_product(admin)
    body = b'{"description": "d"}'.ljust(MIB)
    headers = {"Content-Type": "application/json"}
    taken = await admin.catalog.put(f"/product/{product['id']}", content=body, headers=headers)
    assert taken.status_code == 200, taken.text
    refused = await admin.catalog.put(f"/product/{product['id']}", content=body + b" ", headers=headers)
    assert_problem(refused, 413)


@pytest.mark.parametrize(
    ("service", "path"),
    [("auth", "/users/{}"), ("catalog", "/category/{}"), ("catalog", "/products/{}"), ("order", "/order/{}")],
)
@pytest.mark.parametrize(
    "ref", ["no-such-thing", "0", "-1", "%00", "%ff", "%F0%9F%92%A9", "a" * 4000, "' OR 1=1 --", "%2e%2e", "null"]
)
async def test_a_reference_to_nothing_is_404_or_422(admin: ServiceClients, service: str, path: str, ref: str) -> None:
    response: httpx.Response = await admin.to(service).get(path.format(ref))
    assert response.status_code in {404, 422}, response.text
    assert_problem(response, response.status_code)


async def test_a_problem_tells_where_it_happened(customer: Account) -> None:
    response = await customer.call.order.get("/order/00000000-0000-7000-8000-000000000000")
    problem = assert_problem(response, 404)
    assert "/api/v1/order/00000000-0000-7000-8000-000000000000" in problem["instance"]
