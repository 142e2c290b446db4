import asyncio

import pytest

from tests.integration.support.clients import Account, Json, ServiceClients
from tests.integration.support.jwt import claims
from tests.integration.support.problems import assert_problem, ok
from tests.integration.support.users import log_in


@pytest.fixture
async def refresh_token(nobody: ServiceClients, customer: Account) -> str:
    """The first of a family of its own: each login founds one."""
    return str((await log_in(nobody, customer.user["email"], customer.password))["refresh_token"])


async def refresh(caller: ServiceClients, token: str) -> Json:
    pair: Json = ok(await caller.auth.post("/auth/refresh", json={"refresh_token": token}))
    return pair


async def test_a_refresh_token_gives_a_new_pair(nobody: ServiceClients, customer: Account, refresh_token: str) -> None:
    pair = await refresh(nobody, refresh_token)
    assert pair["refresh_token"] != refresh_token
    assert claims(pair["access_token"])["sub"] == customer.id
    headers = {"Authorization": f"Bearer {pair['access_token']}"}
    assert ok(await nobody.auth.get("/users/me", headers=headers))["id"] == customer.id
    await refresh(nobody, pair["refresh_token"])


async def test_using_one_twice_revokes_its_family(
    nobody: ServiceClients, customer: Account, refresh_token: str
) -> None:
    other_family = await log_in(nobody, customer.user["email"], customer.password)
    second = await refresh(nobody, refresh_token)
    third = await refresh(nobody, second["refresh_token"])
    again = await nobody.auth.post("/auth/refresh", json={"refresh_token": refresh_token})
    assert_problem(again, 401, "refresh_token_reused")
    newest = await nobody.auth.post("/auth/refresh", json={"refresh_token": third["refresh_token"]})
    assert_problem(newest, 401)
    await refresh(nobody, other_family["refresh_token"])


async def test_of_parallel_refreshes_of_one_token_at_most_one_wins(nobody: ServiceClients, refresh_token: str) -> None:
    body = {"refresh_token": refresh_token}
    answers = await asyncio.gather(*(nobody.auth.post("/auth/refresh", json=body) for _ in range(6)))
    won = [answer for answer in answers if answer.status_code == 200]
    assert len(won) <= 1
    for answer in answers:
        if answer not in won:
            assert_problem(answer, 401, "refresh_token_reused")
    for answer in won:
        heir = {"refresh_token": answer.json()["refresh_token"]}
        assert_problem(await nobody.auth.post("/auth/refresh", json=heir), 401)


@pytest.mark.parametrize("token", ["unknown", "", " ", "x" * 5000, "\u0000", "é", "A" * 43])
async def test_an_unknown_refresh_token_is_refused(nobody: ServiceClients, token: str) -> None:
    response = await nobody.auth.post("/auth/refresh", json={"refresh_token": token})
    assert response.status_code in ({401} if token in {"unknown", "A" * 43} else {401, 422})
    assert_problem(response, response.status_code)


async def test_an_access_token_is_no_refresh_token(nobody: ServiceClients, customer: Account) -> None:
    body = {"refresh_token": customer.access_token}
    assert_problem(await nobody.auth.post("/auth/refresh", json=body), 401)


async def test_a_refresh_token_is_no_access_token(nobody: ServiceClients, customer: Account) -> None:
    headers = {"Authorization": f"Bearer {customer.refresh_token}"}
    assert_problem(await nobody.auth.get("/users/me", headers=headers), 401, "invalid_token")
    assert_problem(await nobody.order.get("/orders", headers=headers), 401, "invalid_token")


async def test_logout_revokes_the_family(nobody: ServiceClients, refresh_token: str) -> None:
    second = await refresh(nobody, refresh_token)
    body = {"refresh_token": second["refresh_token"]}
    left = await nobody.auth.post("/auth/logout", json=body)
    assert (left.status_code, left.content) == (204, b"")
    assert_problem(await nobody.auth.post("/auth/refresh", json=body), 401)


async def test_logout_with_a_used_token_revokes_its_heirs(nobody: ServiceClients, refresh_token: str) -> None:
    second = await refresh(nobody, refresh_token)
    body = {"refresh_token": refresh_token}
    assert (await nobody.auth.post("/auth/logout", json=body)).status_code == 204
    heir = {"refresh_token": second["refresh_token"]}
    assert_problem(await nobody.auth.post("/auth/refresh", json=heir), 401)


async def test_logout_is_always_204(nobody: ServiceClients, customer: Account, refresh_token: str) -> None:
    for token in (refresh_token, refresh_token, "unknown", customer.access_token):
        assert (await nobody.auth.post("/auth/logout", json={"refresh_token": token})).status_code == 204


async def test_logout_leaves_other_families_alone(
    nobody: ServiceClients, customer: Account, refresh_token: str
) -> None:
    other = await log_in(nobody, customer.user["username"], customer.password)
    await nobody.auth.post("/auth/logout", json={"refresh_token": refresh_token})
    await refresh(nobody, other["refresh_token"])


async def test_verify_tells_who_bears_a_token(nobody: ServiceClients, customer: Account) -> None:
    in_body = ok(await nobody.auth.post("/auth/verify", json={"token": customer.access_token}))
    in_header = ok(await customer.call.auth.post("/auth/verify"))
    assert in_body == in_header
    expected = {"valid": True, "user_id": customer.id, "username": customer.user["username"], "role": "user"}
    assert {key: in_body[key] for key in expected} == expected
    assert set(in_body) == {*expected, "exp"}


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "x" * 5000, "\u0000"])
async def test_verify_refuses_what_is_no_token(nobody: ServiceClients, token: str) -> None:
    assert_problem(await nobody.auth.post("/auth/verify", json={"token": token}), 401, "invalid_token")


async def test_verify_without_any_token(nobody: ServiceClients) -> None:
    assert_problem(await nobody.auth.post("/auth/verify"), 401, "invalid_token")
    assert_problem(await nobody.auth.post("/auth/verify", json={}), 401, "invalid_token")
