"""What an access token is, and that no other is believed anywhere."""

import time

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.integration.support import jwt
from tests.integration.support.clients import Account, ClientFactory, Json, ServiceClients
from tests.integration.support.endpoints import ADMIN_ONLY, PROTECTED, Endpoint
from tests.integration.support.names import unknown_id
from tests.integration.support.problems import assert_problem, ok


async def published(switchboard: ClientFactory) -> list[dict[str, str]]:
    keys: list[dict[str, str]] = ok(await switchboard.root("auth").get("/.well-known/jwks.json"))["keys"]
    return keys


async def signing_key(switchboard: ClientFactory, token: str) -> dict[str, str]:
    kid = jwt.header(token)["kid"]
    return next(key for key in await published(switchboard) if key["kid"] == kid)


async def test_only_public_keys_are_published(switchboard: ClientFactory) -> None:
    keys = await published(switchboard)
    assert keys
    for key in keys:
        assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
        assert key["kid"]
        assert "d" not in key


async def test_a_token_is_signed_by_a_published_key(switchboard: ClientFactory, customer: Account) -> None:
    token = customer.access_token
    assert jwt.header(token)["alg"] == "ES256"
    key = jwt.public_key(await signing_key(switchboard, token))
    message, _, signature = token.rpartition(".")
    raw = jwt.unb64(signature)
    assert len(raw) == 64
    r, s = (int.from_bytes(half, "big") for half in (raw[:32], raw[32:]))
    key.verify(encode_dss_signature(r, s), message.encode(), ec.ECDSA(hashes.SHA256()))


async def test_a_token_says_who_and_for_how_long(customer: Account) -> None:
    claims = jwt.claims(customer.access_token)
    assert claims["sub"] == customer.id
    assert claims["role"] == "user"
    assert claims["username"] == customer.user["username"]
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert claims["iat"] == pytest.approx(time.time(), abs=600)
    assert claims["jti"]
    assert claims["iss"]
    assert claims["aud"]


async def test_no_two_tokens_have_one_jti(customer: Account, stranger: Account) -> None:
    assert jwt.claims(customer.access_token)["jti"] != jwt.claims(stranger.access_token)["jti"]


async def read_something(caller: ServiceClients, service: str, headers: dict[str, str] | None = None) -> httpx.Response:
    path = {"auth": "/users/me", "catalog": f"/product/{unknown_id()}/stock", "order": "/orders"}[service]
    return await caller.to(service).get(path, headers=headers)


@pytest.mark.parametrize("service", ["auth", "catalog", "order"])
async def test_a_forged_token_is_believed_nowhere(
    switchboard: ClientFactory, admin: ServiceClients, service: str
) -> None:
    genuine = admin.auth.headers["authorization"].removeprefix("Bearer ")
    key = await signing_key(switchboard, genuine)
    assert (await read_something(admin, service)).status_code in {200, 404}
    for name, token in jwt.forgeries(genuine, key).items():
        response = await read_something(switchboard.caller(token), service)
        assert response.status_code == 401, f"{name}: {response.status_code} {response.text}"
        assert_problem(response, 401, "invalid_token")


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "Token x", "Bearer a b"])
@pytest.mark.parametrize("service", ["auth", "catalog", "order"])
async def test_another_kind_of_credentials_is_401(nobody: ServiceClients, service: str, header: str) -> None:
    assert_problem(await read_something(nobody, service, {"Authorization": header}), 401)


@pytest.mark.parametrize("endpoint", PROTECTED, ids=str)
async def test_without_a_token_it_is_401(nobody: ServiceClients, endpoint: Endpoint) -> None:
    assert_problem(await endpoint.call(nobody), 401)


@pytest.mark.parametrize("endpoint", ADMIN_ONLY, ids=str)
async def test_a_customer_is_no_admin(customer: Account, endpoint: Endpoint) -> None:
    assert_problem(await endpoint.call(customer.call), 403)


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
async def test_the_scheme_has_no_case(nobody: ServiceClients, customer: Account, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {customer.access_token}"}
    user: Json = ok(await nobody.auth.get("/users/me", headers=headers))
    assert user["id"] == customer.id
    ok(await nobody.order.get("/orders", headers=headers))
