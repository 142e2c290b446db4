import asyncio
from collections import Counter

import httpx
import pytest

from auth_service.core.settings import Settings
from auth_service.main import create_app
from auth_service.tests.integration.house import PASSWORD, House, answer, refused


async def test_the_form_answers_as_login_does(house: House) -> None:
    await house.join("ada")
    form = {"grant_type": "password", "username": "ADA@example.com", "password": PASSWORD, "scope": "", "client_id": ""}
    response = await house.caller().post("/auth/token", data=form)
    pair = answer(response)
    assert set(pair) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert response.headers["cache-control"] == "no-store"
    refused(await house.caller().post("/auth/token", data={**form, "password": "x"}), 401, "invalid_credentials")
    refused(await house.caller().post("/auth/token", data={**form, "colour": "red"}), 422, "validation_error")


async def test_an_unknown_login_and_a_wrong_password_look_alike(house: House) -> None:
    await house.join("ada")
    answers = [
        await house.try_login(login, "wrong password") for login in ("ada", "nobody", "x@y", "%", "\\", "ü" * 99)
    ]
    bodies = [refused(response, 401, "invalid_credentials") | {"request_id": ""} for response in answers]
    assert all(body == bodies[0] for body in bodies)
    assert all(response.headers["www-authenticate"] == "Bearer" for response in answers)


@pytest.mark.parametrize("login", ["ada", "nobody@example.com"])
async def test_fifty_guesses_at_once_get_ten_tries(house: House, login: str) -> None:
    await house.join("ada")
    answers = await asyncio.gather(*(house.try_login(login, f"guess {number}") for number in range(50)))
    assert Counter(response.status_code for response in answers) == {401: 10, 429: 40}
    problem = await house.try_login(login)
    refused(problem, 429, "too_many_attempts")
    assert 0 < int(problem.headers["retry-after"]) <= 300
    form = {"username": login, "password": PASSWORD}
    refused(await house.caller().post("/auth/token", data=form), 429, "too_many_attempts")


async def test_two_instances_count_together(house: House, settings: Settings) -> None:
    await house.join("ada")
    other = House(create_app(settings), house.engine)
    async with other.app.router.lifespan_context(other.app):
        answers = await asyncio.gather(
            *(instance.try_login("ada", f"guess {number}") for number in range(15) for instance in (house, other))
        )
    assert Counter(response.status_code for response in answers) == {401: 10, 429: 20}


async def test_thirty_who_are_right_at_once_all_get_in(house: House) -> None:
    await house.join("ada")
    answers = await asyncio.gather(*(house.try_login("ada") for _ in range(30)))
    assert {response.status_code for response in answers} == {200}
    assert await house.rows("SELECT 1 FROM login_attempts") == []


async def test_elsewhere_the_owner_gets_in(house: House) -> None:
    await house.join("ada")
    await asyncio.gather(*(house.try_login("ada", "wrong password") for _ in range(12)))
    refused(await house.try_login("ADA@example.com"), 429, "too_many_attempts")
    answer(await house.try_login("ada", address="192.0.2.2"))


async def test_an_address_that_tries_many_accounts_is_shut_out(house: House) -> None:
    await house.join("ada")
    await house.rows(
        "INSERT INTO login_attempts (id, address, account, made_at)"
        " SELECT gen_random_uuid(), '192.0.2.1', sha256(n::text::bytea), now() FROM generate_series(1, 199) AS n"
    )
    answers = await asyncio.gather(*(house.try_login(f"nobody{number}", "x") for number in range(5)))
    assert Counter(response.status_code for response in answers) == {401: 1, 429: 4}
    refused(await house.try_login("ada"), 429, "too_many_attempts")
    answer(await house.try_login("ada", address="192.0.2.2"))


async def test_failures_of_the_past_do_not_count(house: House) -> None:
    await house.join("ada")
    await asyncio.gather(*(house.try_login("ada", "wrong password") for _ in range(10)))
    await house.rows("UPDATE login_attempts SET made_at = made_at - interval '5 minutes'")
    answer(await house.try_login("ada"))


async def test_a_full_line_is_503_and_says_when_to_come_again(house: House, settings: Settings) -> None:
    small = House(create_app(settings.model_copy(update={"bcrypt_waiting": 1, "bcrypt_threads": 1})), house.engine)
    async with small.app.router.lifespan_context(small.app):
        answers: list[httpx.Response] = await asyncio.gather(
            *(small.try_login(f"nobody{number}", "x") for number in range(20))
        )
    busy = [response for response in answers if response.status_code == 503]
    assert busy
    for response in busy:
        refused(response, 503, "too_many_passwords")
        assert int(response.headers["retry-after"]) > 0
    assert {response.status_code for response in answers} == {401, 503}
