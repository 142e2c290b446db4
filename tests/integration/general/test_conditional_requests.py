"""ETag, If-Match and If-None-Match on every kind of thing that is stored and can change."""

import asyncio
from dataclasses import dataclass

import httpx
import pytest

from tests.integration.support.clients import Account, ClientFactory, Json, ServiceClients
from tests.integration.support.factories import line, make_category, make_product, reserved
from tests.integration.support.names import unique
from tests.integration.support.pages import ids
from tests.integration.support.problems import assert_problem, ok, tagged_version
from tests.integration.support.users import register, register_and_log_in


@dataclass(frozen=True)
class Thing:
    """Where something is read, where and how it is changed, and what it was at first."""

    client: httpx.AsyncClient
    read: str
    write: str
    method: str
    change: Json
    delete: str
    version: int

    async def get(self, **headers: str) -> httpx.Response:
        return await self.client.get(self.read, headers=headers)

    async def put(self, if_match: str) -> httpx.Response:
        headers = {"If-Match": if_match}
        return await self.client.request(self.method, self.write, json=self.change, headers=headers)


@pytest.fixture(params=["me", "user", "category", "product", "order"])
async def thing(
    request: pytest.FixtureRequest, admin: ServiceClients, customer: Account, switchboard: ClientFactory
) -> Thing:
    if request.param == "me":
        me = await register_and_log_in(switchboard)
        change = {"username": unique("etag")}
        return Thing(me.call.auth, "/users/me", "/users/me", "PUT", change, "/users/me", 1)
    if request.param == "user":
        path = f"/users/{(await register(switchboard.caller()))['id']}"
        return Thing(admin.auth, path, path, "PATCH", {"is_active": False}, path, 1)
    if request.param == "category":
        path = f"/category/{(await make_category(admin))['id']}"
        return Thing(admin.catalog, path, path, "PUT", {"name": unique()}, path, 1)
    product = await make_product(admin, stock=5)
    at = product["id"]
    if request.param == "product":
        path = f"/product/{at}"
        return Thing(admin.catalog, f"/products/{at}", path, "PUT", {"name": unique()}, path, 1)
    order = await reserved(customer.call, line(product))
    at = order["id"]
    return Thing(
        customer.call.order,
        f"/order/{at}",
        f"/update_order/{at}",
        "PUT",
        {"comment": unique()},
        f"/delete_order/{at}",
        order["version"],
    )


async def test_a_version_is_an_etag(thing: Thing) -> None:
    response = await thing.get()
    assert ok(response)["version"] == thing.version
    assert tagged_version(response) == thing.version


async def test_what_is_known_is_not_sent_again(thing: Thing) -> None:
    tag = (await thing.get()).headers["etag"]
    for condition in (tag, f"W/{tag}", f'"99", {tag}', "*"):
        response = await thing.get(**{"If-None-Match": condition})
        assert (response.status_code, response.content) == (304, b""), condition
        assert response.headers["etag"] == tag
    for condition in ('"99"', "nonsense", ""):
        ok(await thing.get(**{"If-None-Match": condition}))


async def test_a_stale_change_is_refused(thing: Thing) -> None:
    for stale in ('"99"', '"0"', f'"{thing.version + 1}"'):
        assert_problem(await thing.put(stale), 412, "version_conflict")
    response = await thing.client.delete(thing.delete, headers={"If-Match": '"99"'})
    assert_problem(response, 412, "version_conflict")
    assert ok(await thing.get())["version"] == thing.version


async def test_a_malformed_condition_changes_nothing(thing: Thing) -> None:
    for malformed in ("nonsense", '"x"', '"-1"', '"1', f'"{"9" * 400}"', '""', "1e3"):
        response = await thing.put(malformed)
        assert response.status_code in {400, 412, 422}, f"{malformed}: {response.text}"
        assert_problem(response, response.status_code)
    assert ok(await thing.get())["version"] == thing.version


@pytest.mark.parametrize("condition", ["as it came", "bare", "any", "one of several"])
async def test_a_change_of_what_was_seen_is_made(thing: Thing, condition: str) -> None:
    seen, bare = (await thing.get()).headers["etag"], f'"{thing.version}"'
    sent = {"as it came": seen, "bare": bare, "any": "*", "one of several": f'"99", {bare}'}[condition]
    response = await thing.put(sent)
    changed = ok(response)
    assert changed["version"] == thing.version + 1
    assert tagged_version(response) == thing.version + 1
    after = ok(await thing.get(**{"If-None-Match": seen}))
    assert {**after, **changed} == after
    assert changed["updated_at"] > changed["created_at"]


async def test_of_changes_of_one_version_one_is_made(thing: Thing) -> None:
    tag = f'"{thing.version}"'
    answers = await asyncio.gather(*(thing.put(tag) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert ok(await thing.get())["version"] == thing.version + 1


async def test_a_thing_is_deleted_as_it_was_seen(thing: Thing) -> None:
    response = await thing.client.delete(thing.delete, headers={"If-Match": f'"{thing.version}"'})
    assert (response.status_code, response.content) == (204, b"")


async def test_a_cache_notices_what_is_shown_beside_the_thing(admin: ServiceClients, nobody: ServiceClients) -> None:
    product = await make_product(admin, stock=1)
    path = f"/products/{product['id']}"
    tag = {"If-None-Match": (await nobody.catalog.get(path)).headers["etag"]}
    assert (await nobody.catalog.get(path, headers=tag)).status_code == 304
    delivery = {"delta": 1, "reason": "delivery"}
    await admin.catalog.post(f"/product/{product['id']}/stock", json=delivery)
    assert ok(await nobody.catalog.get(path, headers=tag))["available"] == 2

    category = await make_category(admin)
    path = f"/category/{category['id']}"
    tag = {"If-None-Match": (await nobody.catalog.get(path)).headers["etag"]}
    child = await make_category(admin, category)
    assert ids(ok(await nobody.catalog.get(path, headers=tag))["children"]) == [child["id"]]
