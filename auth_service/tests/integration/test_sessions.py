import asyncio
import hashlib

import pytest

from auth_service.repositories.expiry import delete_expired
from auth_service.tests.integration.house import PASSWORD, House, answer, refused
from libs.database.database import Database

EXPIRE_TOKEN = "UPDATE refresh_tokens SET expires_at = now() WHERE digest = :digest"
EXPIRE_FAMILY = """
    UPDATE refresh_families SET expires_at = now()
    WHERE id = (SELECT family_id FROM refresh_tokens WHERE digest = :digest)
"""


async def test_of_parallel_uses_of_one_token_one_wins_and_the_family_ends(house: House) -> None:
    ada = await house.join("ada")
    elsewhere = await house.log_in("ada")
    answers = await asyncio.gather(*(house.refresh(ada.refresh_token) for _ in range(8)))
    (won,) = (response.json() for response in answers if response.status_code == 200)
    for response in answers:
        if response.status_code != 200:
            refused(response, 401, "refresh_token_reused")
    refused(await house.refresh(won["refresh_token"]), 401, "invalid_refresh_token")
    answer(await house.refresh(elsewhere["refresh_token"]))


async def test_a_chain_of_tokens_ends_where_an_old_one_comes_again(house: House) -> None:
    ada = await house.join("ada")
    newest = ada.refresh_token
    for _ in range(3):
        newest = answer(await house.refresh(newest))["refresh_token"]
    refused(await house.refresh(ada.refresh_token), 401, "refresh_token_reused")
    refused(await house.refresh(newest), 401, "invalid_refresh_token")
    refused(await house.refresh(ada.refresh_token), 401, "refresh_token_reused")


async def test_an_expired_token_is_refused_and_forgotten(house: House, timers: Database) -> None:
    ada = await house.join("ada")
    kept = await house.log_in("ada")
    digest = hashlib.sha256(ada.refresh_token.encode()).digest()
    await house.rows(EXPIRE_TOKEN, digest=digest)
    await house.rows(EXPIRE_FAMILY, digest=digest)
    refused(await house.refresh(ada.refresh_token), 401, "invalid_refresh_token")
    await house.try_login("ada", "wrong password")
    await house.rows("UPDATE login_attempts SET made_at = made_at - interval '5 minutes'")
    await asyncio.gather(*(delete_expired(timers) for _ in range(3)))
    assert await house.rows("SELECT 1 FROM refresh_tokens WHERE digest = :digest", digest=digest) == []
    assert len(await house.rows("SELECT 1 FROM refresh_families")) == 1
    assert await house.rows("SELECT 1 FROM login_attempts") == []
    answer(await house.refresh(kept["refresh_token"]))


async def test_a_password_change_ends_also_sessions_that_just_begin(house: House) -> None:
    """However logins and refreshes meet the change, nobody who knows only the old password stays in."""
    ada = await house.join("ada")
    families = [await house.log_in("ada") for _ in range(3)]
    change = ada.call.put("/users/me", json={"password": "another one", "current_password": PASSWORD})
    changed, *others = await asyncio.gather(
        change,
        *(house.try_login("ada") for _ in range(5)),
        *(house.refresh(pair["refresh_token"]) for pair in families),
    )
    answer(changed)
    assert {response.status_code for response in others} <= {200, 401}
    for response in others:
        if response.status_code == 200:
            refused(await house.refresh(response.json()["refresh_token"]), 401, "invalid_refresh_token")
    await house.log_in("ada", "another one")


async def test_logout_is_always_204(house: House) -> None:
    ada = await house.join("ada")
    for token in (ada.refresh_token, ada.refresh_token, "unknown", "", "ü" * 500):
        response = await house.caller().post("/auth/logout", json={"refresh_token": token})
        assert (response.status_code, response.content) == (204, b"")
    refused(await house.refresh(ada.refresh_token), 401, "invalid_refresh_token")


@pytest.mark.parametrize("content", [b'{"refresh_token": "\\ud800"}', b'{"refresh_token": "a\\u0000"}'])
async def test_what_is_no_text_is_422(house: House, content: bytes) -> None:
    for path in ("/auth/refresh", "/auth/logout"):
        response = await house.caller().post(path, content=content, headers={"Content-Type": "application/json"})
        refused(response, 422, "validation_error")


async def test_verify_tells_who_bears_a_token(house: House) -> None:
    ada = await house.join("ada")
    token = ada.tokens["access_token"]
    in_body = answer(await house.caller().post("/auth/verify", json={"token": token}))
    assert in_body == answer(await ada.call.post("/auth/verify"))
    assert in_body == answer(await ada.call.post("/auth/verify", json={}))
    assert in_body == {
        "valid": True,
        "user_id": ada.id,
        "username": "ada",
        "role": "user",
        "exp": in_body["exp"],
    }
    for body in (None, {}, {"token": ""}, {"token": "a.b.c"}, {"token": "\x00"}, {"token": "x" * 9999}):
        refused(await house.caller().post("/auth/verify", json=body), 401, "invalid_token")
    refused(await house.caller().post("/auth/verify", json={"token": None}), 422, "validation_error")
    admin = await house.admin()
    answer(await admin.patch(f"/users/{ada.id}", json={"is_active": False}))
    refused(await house.caller().post("/auth/verify", json={"token": token}), 401, "user_inactive")


async def test_the_public_keys_verify_what_is_issued(house: House) -> None:
    response = await house.caller().get("http://auth/.well-known/jwks.json")
    (key,) = answer(response)["keys"]
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
    assert "d" not in key
