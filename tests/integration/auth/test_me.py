import pytest

from tests.integration.support.clients import Account, Json, ServiceClients
from tests.integration.support.names import unique
from tests.integration.support.problems import assert_problem, ok, refused_fields
from tests.integration.support.users import log_in


async def me(account: Account) -> Json:
    user: Json = ok(await account.call.auth.get("/users/me"))
    return user


async def test_i_see_myself(customer: Account) -> None:
    response = await customer.call.auth.get("/users/me")
    assert ok(response) == customer.user
    assert response.headers["etag"] == '"1"'


async def test_a_username_changes_without_a_password(newcomer: Account, nobody: ServiceClients) -> None:
    name = unique("renamed")
    response = await newcomer.call.auth.put("/users/me", json={"username": name})
    user = ok(response)
    assert (user["username"], user["version"]) == (name, 2)
    assert response.headers["etag"] == '"2"'
    assert await me(newcomer) == user
    await log_in(nobody, name, newcomer.password)


async def test_a_username_may_change_its_case(newcomer: Account) -> None:
    name = newcomer.user["username"].upper()
    assert ok(await newcomer.call.auth.put("/users/me", json={"username": name}))["username"] == name


async def test_the_name_and_email_of_another_are_taken(newcomer: Account, stranger: Account) -> None:
    taken = {"username": stranger.user["username"].upper()}
    assert_problem(await newcomer.call.auth.put("/users/me", json=taken), 409, "username_taken")
    body = {"email": stranger.user["email"].upper(), "current_password": newcomer.password}
    assert_problem(await newcomer.call.auth.put("/users/me", json=body), 409, "email_taken")
    assert await me(newcomer) == newcomer.user


async def test_an_email_changes_with_the_password(newcomer: Account, nobody: ServiceClients) -> None:
    email = f"{unique('moved')}@example.com"
    body = {"email": f" {email.upper()} ", "current_password": newcomer.password}
    assert ok(await newcomer.call.auth.put("/users/me", json=body))["email"] == email
    await log_in(nobody, email, newcomer.password)
    old = {"login": newcomer.user["email"], "password": newcomer.password}
    assert_problem(await nobody.auth.post("/auth/login", json=old), 401, "invalid_credentials")


@pytest.mark.parametrize("change", [{"email": "new@example.com"}, {"password": "another password"}])
@pytest.mark.parametrize("current", [{}, {"current_password": "not the password"}])
async def test_email_and_password_need_the_current_password(stranger: Account, change: Json, current: Json) -> None:
    before = await me(stranger)
    response = await stranger.call.auth.put("/users/me", json={**change, **current})
    assert response.status_code in {401, 403, 422}
    assert_problem(response, response.status_code)
    assert await me(stranger) == before


async def test_a_new_password_ends_every_session(newcomer: Account, nobody: ServiceClients) -> None:
    other = await log_in(nobody, newcomer.user["email"], newcomer.password)
    body = {"password": "a new password", "current_password": newcomer.password}
    changed = await newcomer.call.auth.put("/users/me", json=body)
    assert ok(changed)["version"] == 2
    assert "password" not in changed.json()
    for token in (newcomer.refresh_token, other["refresh_token"]):
        assert_problem(await nobody.auth.post("/auth/refresh", json={"refresh_token": token}), 401)
    old = {"login": newcomer.user["email"], "password": newcomer.password}
    assert_problem(await nobody.auth.post("/auth/login", json=old), 401, "invalid_credentials")
    await log_in(nobody, newcomer.user["email"], "a new password")


@pytest.mark.parametrize(
    ("field", "value"),
    [("username", "a b"), ("email", "nonsense"), ("password", "short"), ("password", "😀" * 19), ("role", "admin"),
     ("is_active", False), ("version", 9)],
)  # fmt: skip
async def test_a_change_has_the_bounds_of_a_registration(customer: Account, field: str, value: object) -> None:
    body = {field: value, "current_password": customer.password}
    problem = assert_problem(await customer.call.auth.put("/users/me", json=body), 422)
    assert field in refused_fields(problem)
    assert await me(customer) == customer.user


async def test_who_leaves_is_gone(newcomer: Account, nobody: ServiceClients, admin: ServiceClients) -> None:
    assert (await newcomer.call.auth.delete("/users/me")).status_code == 204
    assert_problem(await newcomer.call.auth.get("/users/me"), 401)
    again = {"login": newcomer.user["email"], "password": newcomer.password}
    assert_problem(await nobody.auth.post("/auth/login", json=again), 401, "invalid_credentials")
    body = {"refresh_token": newcomer.refresh_token}
    assert_problem(await nobody.auth.post("/auth/refresh", json=body), 401)
    assert_problem(await nobody.auth.post("/auth/verify", json={"token": newcomer.access_token}), 401)
    assert_problem(await admin.auth.get(f"/users/{newcomer.id}"), 404)
