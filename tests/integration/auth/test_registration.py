import asyncio
import uuid

import pytest

from tests.integration.support.clients import Account, ClientFactory, Json, ServiceClients
from tests.integration.support.names import unique
from tests.integration.support.problems import assert_problem, ok, refused_fields
from tests.integration.support.users import log_in, register_and_log_in, user_payload

USER_FIELDS = {"id", "email", "username", "role", "is_active", "version", "created_at", "updated_at"}


async def test_a_newcomer_is_a_user(nobody: ServiceClients) -> None:
    who = user_payload()
    response = await nobody.auth.post("/auth/register", json=who)
    user = ok(response, 201)
    assert set(user) == USER_FIELDS
    assert user["email"] == who["email"]
    assert user["username"] == who["username"]
    assert (user["role"], user["is_active"], user["version"]) == ("user", True, 1)
    assert uuid.UUID(user["id"]).version == 7
    assert user["created_at"].endswith("Z")
    assert user["updated_at"].endswith("Z")
    assert user["id"] in response.headers["location"] or response.headers["location"].endswith("/users/me")
    assert who["password"] not in response.text


async def test_an_email_is_trimmed_and_lower_cased(nobody: ServiceClients) -> None:
    who = user_payload()
    user = ok(await nobody.auth.post("/auth/register", json={**who, "email": f"  {who['email'].upper()} "}), 201)
    assert user["email"] == who["email"]
    await log_in(nobody, who["email"].upper(), who["password"])
    await log_in(nobody, who["username"].upper(), who["password"])


async def test_an_email_is_taken_whatever_its_case(nobody: ServiceClients, customer: Account) -> None:
    body = {**user_payload(), "email": customer.user["email"].upper()}
    assert_problem(await nobody.auth.post("/auth/register", json=body), 409, "email_taken")


async def test_a_username_is_taken_whatever_its_case(nobody: ServiceClients, customer: Account) -> None:
    body = {**user_payload(), "username": customer.user["username"].upper()}
    assert_problem(await nobody.auth.post("/auth/register", json=body), 409, "username_taken")


async def test_of_12_equal_registrations_at_once_one_succeeds(nobody: ServiceClients) -> None:
    who = user_payload()
    answers = await asyncio.gather(*(nobody.auth.post("/auth/register", json=who) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 11
    for answer in answers:
        if answer.status_code == 409:
            assert assert_problem(answer, 409)["code"] in {"email_taken", "username_taken"}
    await log_in(nobody, who["email"], who["password"])


@pytest.mark.parametrize("username", ["ab", "a" * 33, "has space", "ünïcode", "semi;colon", "", "   ", "a@b.c", "a\nb"])
async def test_a_username_has_its_alphabet_and_bounds(nobody: ServiceClients, username: str) -> None:
    problem = assert_problem(
        await nobody.auth.post("/auth/register", json={**user_payload(), "username": username}), 422
    )
    assert "username" in refused_fields(problem)


async def test_the_longest_and_the_strangest_username(nobody: ServiceClients) -> None:
    longest = unique("A._-").ljust(32, "9")
    user = ok(await nobody.auth.post("/auth/register", json={**user_payload(), "username": longest}), 201)
    assert user["username"] == longest


@pytest.mark.parametrize(
    "email", ["", "plain", "@example.com", "a@", "a b@example.com", "a@b@c.com", "a@example..com", None, 7]
)
async def test_an_email_must_be_one(nobody: ServiceClients, email: object) -> None:
    problem = assert_problem(await nobody.auth.post("/auth/register", json={**user_payload(), "email": email}), 422)
    assert "email" in refused_fields(problem)


@pytest.mark.parametrize("password", ["1234567", "", "x" * 73, "😀" * 19, "é" * 37, None, 12345678])
async def test_a_password_out_of_bounds_is_refused(nobody: ServiceClients, password: object) -> None:
    response = await nobody.auth.post("/auth/register", json={**user_payload(), "password": password})
    problem = assert_problem(response, 422)
    assert "password" in refused_fields(problem)
    assert not isinstance(password, str) or not password or password not in response.text


@pytest.mark.parametrize("password", ["12345678", "x" * 72, "😀" * 18, "  spaces count  "])
async def test_a_password_within_bounds_opens_the_door(switchboard: ClientFactory, password: str) -> None:
    await register_and_log_in(switchboard, user_payload(password))


async def test_the_last_byte_of_a_long_password_counts(switchboard: ClientFactory, nobody: ServiceClients) -> None:
    account = await register_and_log_in(switchboard, user_payload("x" * 71 + "a"))
    wrong = {"login": account.user["email"], "password": "x" * 71 + "b"}
    assert_problem(await nobody.auth.post("/auth/login", json=wrong), 401, "invalid_credentials")


@pytest.mark.parametrize("missing", ["email", "username", "password"])
async def test_every_field_is_needed(nobody: ServiceClients, missing: str) -> None:
    body: Json = user_payload()
    del body[missing]
    problem = assert_problem(await nobody.auth.post("/auth/register", json=body), 422)
    assert missing in refused_fields(problem)


@pytest.mark.parametrize("field", ["role", "is_active", "id", "version"])
async def test_nobody_makes_himself_more_than_a_user(nobody: ServiceClients, field: str) -> None:
    assert_problem(await nobody.auth.post("/auth/register", json={**user_payload(), field: "admin"}), 422)
