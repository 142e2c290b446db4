import asyncio
import fcntl
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.support.clients import Account, ClientFactory, Json, ServiceClients
from tests.integration.support.names import unique, unknown_id
from tests.integration.support.pages import ids, page, walk
from tests.integration.support.problems import assert_problem, ok, refused_fields
from tests.integration.support.stack import Stack
from tests.integration.support.users import log_in, register, user_payload
from tests.integration.support.wait import until


@pytest.fixture
def sole_admin(stack: Stack) -> Iterator[None]:
    """One test at a time, of all parallel ones on this machine, may make admins or count on there being one."""
    name = hashlib.sha256(stack.auth.encode()).hexdigest()[:16]
    with (Path(tempfile.gettempdir()) / f"shop-admins-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def patch(admin: ServiceClients, account: Account, **changes: object) -> Json:
    user: Json = ok(await admin.auth.patch(f"/users/{account.id}", json=changes))
    return user


async def test_an_admin_sees_one_user(admin: ServiceClients, customer: Account) -> None:
    response = await admin.auth.get(f"/users/{customer.id}")
    assert ok(response) == customer.user
    assert response.headers["etag"] == '"1"'


async def test_an_unknown_user_is_404(admin: ServiceClients) -> None:
    path = f"/users/{unknown_id()}"
    assert_problem(await admin.auth.get(path), 404, "user_not_found")
    assert_problem(await admin.auth.patch(path, json={"is_active": False}), 404, "user_not_found")
    assert_problem(await admin.auth.delete(path), 404, "user_not_found")


async def test_the_list_is_searched_by_the_beginning(admin: ServiceClients, nobody: ServiceClients) -> None:
    prefix = unique("q")
    made = [
        await register(nobody, {**user_payload(), "username": f"{prefix}.one"}),
        await register(nobody, {**user_payload(), "email": f"{prefix}.two@example.com"}),
    ]
    wanted = set(ids(made))
    assert set(ids(await walk(admin.auth, "/users/", q=prefix))) == wanted
    assert set(ids(await walk(admin.auth, "/users", q=prefix.upper(), limit=1))) == wanted
    assert await walk(admin.auth, "/users/", q=prefix[1:]) == []
    assert await walk(admin.auth, "/users/", q=f"{prefix}%") == []
    assert await walk(admin.auth, "/users/", q=prefix.replace(prefix[3], "_")) == []
    total = await page(admin.auth, "/users/", q=prefix, with_total="true", limit=1)
    assert total["total"] == 2


async def test_the_list_is_filtered(admin: ServiceClients, newcomer: Account) -> None:
    async def found(**filters: str) -> bool:
        name = newcomer.user["username"]
        return ids(await walk(admin.auth, "/users/", q=name, **filters)) == [newcomer.id]

    assert await found(role="user")
    assert not await found(role="admin")
    assert await found(is_active="true")
    await patch(admin, newcomer, is_active=False)
    assert not await found(is_active="true")
    assert await found(is_active="false")
    assert_problem(await admin.auth.get("/users/", params={"role": "owner"}), 422)
    assert_problem(await admin.auth.get("/users/", params={"is_active": "perhaps"}), 422)


@pytest.mark.parametrize(
    ("field", "value"),
    [("role", "owner"), ("role", None), ("is_active", "perhaps"), ("is_active", None), ("email", "a@b.cc")],
)
async def test_a_patch_takes_role_and_is_active(
    admin: ServiceClients, customer: Account, field: str, value: object
) -> None:
    response = await admin.auth.patch(f"/users/{customer.id}", json={field: value})
    assert field in refused_fields(assert_problem(response, 422))


async def test_a_blocked_user_is_shut_out_and_may_return(
    admin: ServiceClients, nobody: ServiceClients, newcomer: Account
) -> None:
    blocked = await patch(admin, newcomer, is_active=False)
    assert (blocked["is_active"], blocked["version"]) == (False, 2)
    assert_problem(await newcomer.call.auth.get("/users/me"), 401, "user_inactive")
    body = {"login": newcomer.user["email"], "password": newcomer.password}
    refused = await nobody.auth.post("/auth/login", json=body)
    assert refused.status_code in {401, 403}
    refresh = await nobody.auth.post("/auth/refresh", json={"refresh_token": newcomer.refresh_token})
    assert_problem(refresh, 401)
    assert (await patch(admin, newcomer, is_active=True))["version"] == 3
    tokens = await log_in(nobody, newcomer.user["email"], newcomer.password)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    ok(await nobody.auth.get("/users/me", headers=headers))


@pytest.mark.parametrize("blocked", [True, False])
async def test_other_services_shut_out_who_is_blocked_or_deleted(
    admin: ServiceClients, newcomer: Account, blocked: bool
) -> None:
    place = f"/product/{unknown_id()}/stock"
    ok(await newcomer.call.order.get("/orders"))
    assert_problem(await newcomer.call.catalog.get(place), 403)
    if blocked:
        await patch(admin, newcomer, is_active=False)
    else:
        assert (await admin.auth.delete(f"/users/{newcomer.id}")).status_code == 204
    out = await until(lambda: newcomer.call.order.get("/orders"), lambda seen: seen.status_code == 401)
    assert_problem(out, 401, "user_inactive")
    out = await until(lambda: newcomer.call.catalog.get(place), lambda seen: seen.status_code == 401)
    assert_problem(out, 401, "user_inactive")
    if blocked:
        await patch(admin, newcomer, is_active=True)
        await until(lambda: newcomer.call.order.get("/orders"), lambda seen: seen.status_code == 200)


@pytest.mark.usefixtures("sole_admin")
async def test_an_admin_comes_and_goes(
    admin: ServiceClients, nobody: ServiceClients, newcomer: Account, switchboard: ClientFactory
) -> None:
    assert (await patch(admin, newcomer, role="admin"))["role"] == "admin"
    tokens = await log_in(nobody, newcomer.user["email"], newcomer.password)
    second = switchboard.caller(tokens["access_token"])
    ok(await second.auth.get("/users/", params={"limit": 1}))
    place = f"/product/{unknown_id()}/stock"
    await until(lambda: second.catalog.get(place), lambda seen: seen.status_code == 404)
    assert (await patch(admin, newcomer, role="user"))["role"] == "user"
    assert_problem(await second.auth.get("/users/"), 403)
    out = await until(lambda: second.catalog.get(place), lambda seen: seen.status_code == 403)
    assert_problem(out, 403)


@pytest.mark.usefixtures("sole_admin")
async def test_the_last_admin_stays(admin: ServiceClients) -> None:
    me = ok(await admin.auth.get("/users/me"))
    active = ids(await walk(admin.auth, "/users/", role="admin", is_active="true", limit=100))
    if active != [me["id"]]:
        pytest.skip("this shop has more admins than the first one")
    path = f"/users/{me['id']}"
    attempts = [
        admin.auth.patch(path, json={"role": "user"}),
        admin.auth.patch(path, json={"is_active": False}),
        admin.auth.patch(path, json={"role": "user", "is_active": False}),
        admin.auth.delete(path),
        admin.auth.delete("/users/me"),
    ]
    for response in await asyncio.gather(*attempts):
        assert_problem(response, 409, "last_admin")
    assert ok(await admin.auth.get("/users/me")) == me
