import asyncio

import pytest
from sqlalchemy.exc import IntegrityError

from auth_service.tests.integration.house import PASSWORD, House, answer, refused

ADA = {"email": "ada@example.com", "username": "Ada", "password": PASSWORD}


async def test_a_newcomer_is_told_of_by_one_event(house: House) -> None:
    response = await house.caller().post(
        "/auth/register", json={**ADA, "email": " ADA@Example.com "}, headers={"X-Request-ID": "story-1"}
    )
    user = answer(response, 201)
    assert response.headers["location"] == f"/api/v1/users/{user['id']}"
    assert response.headers["etag"] == '"1"'
    assert (user["email"], user["username"], user["role"]) == ("ada@example.com", "Ada", "user")
    (event,) = await house.events(user["id"])
    assert event[:2] == ("user.created", 1)
    assert event[2] == user | {"created_at": event[2]["created_at"], "updated_at": event[2]["updated_at"]}
    (row,) = await house.rows("SELECT headers FROM outbox WHERE type = 'user.created' AND payload->>'username' = 'Ada'")
    assert row["headers"]["correlation_id"] == "story-1"


async def test_of_twelve_equal_registrations_at_once_one_succeeds(house: House) -> None:
    answers = await asyncio.gather(*(house.caller().post("/auth/register", json=ADA) for _ in range(12)))
    assert sorted(response.status_code for response in answers) == [201] + [409] * 11
    assert {response.json().get("code") for response in answers} == {None, "email_taken"}
    assert len(await house.rows("SELECT 1 FROM outbox WHERE payload->>'username' = 'Ada'")) == 1


@pytest.mark.parametrize(
    ("field", "value", "code"), [("email", "ADA@example.COM", "email_taken"), ("username", "aDA", "username_taken")]
)
async def test_each_name_is_taken_in_any_case_also_in_a_race(house: House, field: str, value: str, code: str) -> None:
    other = {"email": "bob@example.com", "username": "bob", "password": PASSWORD, field: value}
    answers = await asyncio.gather(*(house.caller().post("/auth/register", json=body) for body in (ADA, other) * 3))
    (winner,) = (response.json() for response in answers if response.status_code == 201)
    refused(await house.caller().post("/auth/register", json=ADA if winner["username"] != "Ada" else other), 409, code)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE users SET email = upper(email)",
        "UPDATE users SET username = 'a b'",
        "UPDATE users SET role = 'owner'",
        "UPDATE users SET version = 0",
    ],
)
async def test_the_database_itself_keeps_the_rules(house: House, change: str) -> None:
    with pytest.raises(IntegrityError):
        await house.rows(change)


@pytest.mark.parametrize("field", ["email", "username", "password"])
@pytest.mark.parametrize("value", [None, 7, "", "\x00" * 9, [], {}, True, "x" * 100_000])
async def test_no_nonsense_is_taken(house: House, field: str, value: object) -> None:
    problem = refused(await house.caller().post("/auth/register", json={**ADA, field: value}), 422, "validation_error")
    assert [error["field"] for error in problem["errors"]] == [field]


async def test_a_password_is_nowhere_in_the_open(house: House) -> None:
    await house.join("ada")
    (row,) = await house.rows("SELECT password_hash FROM users WHERE username = 'ada'")
    assert row["password_hash"].startswith("$2b$04$")
    assert not await house.rows("SELECT 1 FROM outbox WHERE payload::text LIKE '%password%'")
