import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from auth_service.tests.integration.house import House, Person, answer, refused
from libs.process.ids import new_id


async def names(admin: httpx.AsyncClient, **filters: str | int) -> list[str]:
    """All pages of a list, one after the other."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = answer(await admin.get("/users/", params={**filters, **({"cursor": cursor} if cursor else {})}))
        found += [user["username"] for user in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def test_the_list_is_newest_first_and_cut_into_pages(house: House) -> None:
    admin = await house.admin()
    for name in ("ada", "bob", "cleo"):
        await house.join(name)
    assert await names(admin) == ["cleo", "bob", "ada", "admin"]
    assert await names(admin, limit=1) == ["cleo", "bob", "ada", "admin"]
    assert answer(await admin.get("/users", params={"with_total": True, "limit": 1}))["total"] == 4


async def test_the_list_is_filtered(house: House) -> None:
    admin = await house.admin()
    ada, _ = await house.join("Ada"), await house.join("a.da_1")
    answer(await admin.patch(f"/users/{ada.id}", json={"is_active": False}))
    assert await names(admin, q="AD") == ["Ada", "admin"]
    assert await names(admin, q="ada@example.") == ["Ada"]
    assert await names(admin, q="a") == ["a.da_1", "Ada", "admin"]
    for wildcard in ("%", "_", "a_da", "a%", "da", "\\", "\U0010ffff", "ü"):
        assert await names(admin, q=wildcard) == []
    assert await names(admin, is_active="false") == ["Ada"]
    assert await names(admin, is_active="true", role="user") == ["a.da_1"]
    assert await names(admin, role="admin", q="adm", limit=1) == ["admin"]
    assert answer(await admin.get("/users", params={"q": "ad", "is_active": "false", "with_total": True}))["total"] == 1


@pytest.mark.parametrize(
    "params",
    [{"q": "\x00"}, {"role": "owner"}, {"is_active": "perhaps"}, {"cursor": "x"}, {"limit": "0"}, {"q": "x" * 999}],
)
async def test_nonsense_is_422(house: House, params: dict[str, str]) -> None:
    admin = await house.admin()
    refused(
        await admin.get("/users", params=params), 422, "invalid_cursor" if "cursor" in params else "validation_error"
    )


async def test_a_prefix_finds_its_index(house: House) -> None:
    """Also where the planner does not look at the arguments, as it does after a few calls."""
    async with house.engine.begin() as connection:
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        await connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
        await connection.exec_driver_sql(
            "PREPARE search (text, text) AS SELECT id FROM users"
            " WHERE (email >= $1 AND email < $2) OR (lower(username) >= $1 AND lower(username) < $2)"
        )
        plan = str((await connection.exec_driver_sql("EXPLAIN EXECUTE search ('a', 'b')")).all())
    assert "uq_users_email" in plan
    assert "uq_users_username" in plan


async def test_only_admins_may(house: House) -> None:
    ada = await house.join("ada")
    path = f"/users/{ada.id}"
    for response in (
        await ada.call.get("/users"),
        await ada.call.get(path),
        await ada.call.patch(path, json={"role": "admin"}),
        await ada.call.delete(path),
    ):
        refused(response, 403, "forbidden")
    refused(await house.caller().get("/users"), 401, "not_authenticated")


async def test_a_role_holds_from_now_on_whatever_the_token_says(house: House) -> None:
    admin = await house.admin()
    ada = await house.join("ada")
    response = await admin.patch(f"/users/{ada.id}", json={"role": "admin"}, headers={"If-Match": '"1"'})
    assert (answer(response)["role"], response.headers["etag"]) == ("admin", '"2"')
    answer(await ada.call.get("/users"))
    answer(await admin.patch(f"/users/{ada.id}", json={"role": "user"}))
    refused(await ada.call.get("/users"), 403, "forbidden")
    refused(
        await admin.patch(f"/users/{ada.id}", json={"role": "admin"}, headers={"If-Match": '"2"'}),
        412,
        "version_conflict",
    )
    assert [event[:2] for event in await house.events(ada.id)][1:] == [("user.updated", 2), ("user.updated", 3)]


async def test_a_blocked_user_is_out_at_once(house: House) -> None:
    admin = await house.admin()
    ada = await house.join("ada")
    answer(await admin.patch(f"/users/{ada.id}", json={"is_active": False}))
    refused(await ada.call.get("/users/me"), 401, "user_inactive")
    refused(await house.try_login("ada"), 401, "user_inactive")
    refused(await house.refresh(ada.refresh_token), 401, "invalid_refresh_token")
    answer(await admin.patch(f"/users/{ada.id}", json={"is_active": True}))
    answer(await ada.call.get("/users/me"))
    refused(await house.refresh(ada.refresh_token), 401, "invalid_refresh_token")


async def test_who_is_unknown_is_404(house: House) -> None:
    admin = await house.admin()
    path = f"/users/{new_id()}"
    refused(await admin.get(path), 404, "user_not_found")
    refused(await admin.patch(path, json={"is_active": True}), 404, "user_not_found")
    refused(await admin.delete(path), 404, "user_not_found")
    refused(await admin.get("/users/nonsense"), 422, "validation_error")
    ada = await house.join("ada")
    assert (await admin.delete(f"/users/{ada.id}")).status_code == 204
    refused(await admin.delete(f"/users/{ada.id}"), 404, "user_not_found")


async def two_admins(house: House) -> list[Person]:
    """Ada and Bob, and nobody else."""
    admin = await house.admin()
    people = [await house.join(name) for name in ("ada", "bob")]
    for person in people:
        answer(await admin.patch(f"/users/{person.id}", json={"role": "admin"}))
    assert (await admin.delete("/users/me")).status_code == 204
    return people


def removals(by: Person, other: Person) -> dict[str, Callable[[], Awaitable[httpx.Response]]]:
    path = f"/users/{other.id}"
    return {
        "demote": lambda: by.call.patch(path, json={"role": "user"}),
        "block": lambda: by.call.patch(path, json={"is_active": False}),
        "delete": lambda: by.call.delete(path),
        "leave": lambda: by.call.delete("/users/me"),
    }


@pytest.mark.parametrize("second", ["demote", "block", "delete", "leave"])
@pytest.mark.parametrize("first", ["demote", "block", "delete", "leave"])
async def test_two_admins_cannot_leave_the_shop_without_one(house: House, first: str, second: str) -> None:
    """Whoever removes whom, or leaves, at the same moment."""
    ada, bob = await two_admins(house)
    answers = await asyncio.gather(removals(ada, bob)[first](), removals(bob, ada)[second]())
    assert any(response.is_success for response in answers)
    assert {response.status_code for response in answers} <= {200, 204, 401, 403, 404, 409}
    assert len(await house.rows("SELECT 1 FROM users WHERE role = 'admin' AND is_active")) == 1


async def test_the_last_admin_stays(house: House) -> None:
    admin = await house.admin()
    me = answer(await admin.get("/users/me"))
    path = f"/users/{me['id']}"
    for response in await asyncio.gather(
        admin.patch(path, json={"role": "user"}),
        admin.patch(path, json={"is_active": False}),
        admin.delete(path),
        admin.delete("/users/me"),
    ):
        refused(response, 409, "last_admin")
    assert answer(await admin.get("/users/me")) == me
