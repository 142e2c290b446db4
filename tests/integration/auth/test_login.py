import time

import httpx
import pytest

from tests.integration.support.clients import Account, Json, ServiceClients
from tests.integration.support.names import unique
from tests.integration.support.problems import assert_problem, ok, refused_fields
from tests.integration.support.users import log_in


def assert_pair(tokens: Json) -> None:
    assert set(tokens) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 15 * 60
    assert tokens["access_token"].count(".") == 2
    assert len(tokens["refresh_token"]) >= 43, "256 random bits need 43 characters of base64"


@pytest.mark.parametrize("by", ["email", "username"])
async def test_login_by_email_or_username(nobody: ServiceClients, customer: Account, by: str) -> None:
    tokens = await log_in(nobody, customer.user[by], customer.password)
    assert_pair(tokens)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert ok(await nobody.auth.get("/users/me", headers=headers))["id"] == customer.id


async def test_the_password_form_of_oauth2(nobody: ServiceClients, customer: Account) -> None:
    form = {"grant_type": "password", "username": customer.user["email"], "password": customer.password}
    response = await nobody.auth.post("/auth/token", data=form)
    assert_pair(ok(response))
    assert "no-store" in response.headers.get("cache-control", ""), "RFC 6749 §5.1"


async def test_the_password_form_refuses_like_login(
    nobody: ServiceClients, elsewhere: ServiceClients, customer: Account
) -> None:
    form = {"username": customer.user["email"], "password": "not the password"}
    assert_problem(await elsewhere.auth.post("/auth/token", data=form), 401, "invalid_credentials")
    problem = assert_problem(await nobody.auth.post("/auth/token", data={"username": "x"}), 422)
    assert "password" in refused_fields(problem)


async def test_a_wrong_login_and_a_wrong_password_answer_alike(elsewhere: ServiceClients, stranger: Account) -> None:
    async def attempt(login: str) -> tuple[httpx.Response, float]:
        began = time.perf_counter()
        response = await elsewhere.auth.post("/auth/login", json={"login": login, "password": "wrong password"})
        return response, time.perf_counter() - began

    known, unknown = [], []
    for _ in range(3):
        known.append(await attempt(stranger.user["email"]))
        unknown.append(await attempt(f"{unique()}@example.com"))
    alike = [
        {key: problem[key] for key in ("type", "title", "status", "detail", "code")}
        for problem in (assert_problem(response, 401, "invalid_credentials") for response, _ in known + unknown)
    ]
    assert all(problem == alike[0] for problem in alike)
    # A missing account that costs no hashing answers a hundred times faster; noise does not do that.
    fastest_known, fastest_unknown = (min(took for _, took in attempts) for attempts in (known, unknown))
    assert fastest_unknown > fastest_known / 5


@pytest.mark.parametrize("password", ["x" * 73, "😀" * 1000])
async def test_a_password_too_long_to_be_one_is_just_wrong(
    elsewhere: ServiceClients, stranger: Account, password: str
) -> None:
    body = {"login": stranger.user["email"], "password": password}
    response = await elsewhere.auth.post("/auth/login", json=body)
    assert response.status_code in {401, 422}
    assert_problem(response, response.status_code)


async def test_too_many_failures_close_an_account_to_one_address(elsewhere: ServiceClients, newcomer: Account) -> None:
    spellings = [newcomer.user["email"], newcomer.user["username"], newcomer.user["email"].upper()]
    for attempt in range(10):
        body = {"login": spellings[attempt % 3], "password": f"guess number {attempt}"}
        assert_problem(await elsewhere.auth.post("/auth/login", json=body), 401, "invalid_credentials")
    right = {"login": newcomer.user["email"], "password": newcomer.password}
    for _ in range(2):
        problem = await elsewhere.auth.post("/auth/login", json=right)
        assert_problem(problem, 429, "too_many_attempts")
        assert int(problem.headers["retry-after"]) <= 300
    form = {"username": newcomer.user["username"], "password": newcomer.password}
    assert_problem(await elsewhere.auth.post("/auth/token", data=form), 429, "too_many_attempts")
    # Whoever is logged in stays so while others guess.
    ok(await newcomer.call.auth.get("/users/me"))
    ok(await elsewhere.auth.post("/auth/refresh", json={"refresh_token": newcomer.refresh_token}))


async def test_an_invented_address_is_not_believed(elsewhere: ServiceClients, newcomer: Account) -> None:
    body = {"login": newcomer.user["email"], "password": "wrong password"}
    for attempt in range(10):
        headers = {"X-Forwarded-For": f"192.0.2.{attempt}", "Forwarded": f"for=192.0.2.{attempt}"}
        await elsewhere.auth.post("/auth/login", json=body, headers=headers)
    last = await elsewhere.auth.post("/auth/login", json=body, headers={"X-Forwarded-For": "192.0.2.99"})
    assert_problem(last, 429, "too_many_attempts")


async def test_an_account_that_does_not_exist_closes_alike(elsewhere: ServiceClients, stranger: Account) -> None:
    missing = {"login": f"{unique()}@example.com", "password": "wrong password"}
    for _ in range(10):
        assert_problem(await elsewhere.auth.post("/auth/login", json=missing), 401, "invalid_credentials")
    assert_problem(await elsewhere.auth.post("/auth/login", json=missing), 429, "too_many_attempts")
    # Others at the same address are not locked out with it.
    await log_in(elsewhere, stranger.user["email"], stranger.password)
