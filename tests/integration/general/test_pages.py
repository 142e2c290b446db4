"""Lists are walked page by page, and miss nothing and repeat nothing while the shop goes on."""

import pytest

from tests.integration.support.clients import Account, Json, ServiceClients
from tests.integration.support.factories import line, make_category, make_product, place
from tests.integration.support.names import unique
from tests.integration.support.pages import ids, page, walk
from tests.integration.support.problems import assert_answered, assert_problem, refused_fields

LISTS = [("auth", "/users/"), ("catalog", "/products"), ("order", "/orders"), ("order", "/webhooks")]


@pytest.mark.parametrize(("service", "path"), LISTS)
@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "1.5", "9" * 40, "NaN"])
async def test_a_limit_is_1_to_100(admin: ServiceClients, service: str, path: str, limit: str) -> None:
    problem = assert_problem(await admin.to(service).get(path, params={"limit": limit}), 422)
    assert "limit" in refused_fields(problem)


@pytest.mark.parametrize(("service", "path"), LISTS)
@pytest.mark.parametrize(
    "cursor", ["nonsense", "%00", "AAAA", "e30", "W10", "bnVsbA", "eyJhIjoxfQ==", "MQ", "é", "x" * 3000, "-1", "//8"]
)
async def test_an_unreadable_cursor_is_422(admin: ServiceClients, service: str, path: str, cursor: str) -> None:
    problem = assert_problem(await admin.to(service).get(path, params={"cursor": cursor}), 422)
    assert "cursor" in refused_fields(problem)


@pytest.fixture(scope="module")
async def shelf(admin: ServiceClients) -> Json:
    category = await make_category(admin)
    for number in range(25):
        name, price = f"{unique('Page ')}", f"{number % 3}.00"
        await make_product(admin, name=name, price=price, category_id=category["id"])
    return category


async def test_a_page_has_20_items_unless_told(nobody: ServiceClients, shelf: Json) -> None:
    first = await page(nobody.catalog, "/products", category_id=shelf["id"])
    assert len(first["items"]) == 20
    assert "total" not in first
    second = await page(nobody.catalog, "/products", category_id=shelf["id"], cursor=first["next_cursor"])
    assert (len(second["items"]), second["next_cursor"]) == (5, None)
    whole = await page(nobody.catalog, "/products", category_id=shelf["id"], limit=100, with_total="true")
    assert (len(whole["items"]), whole["next_cursor"], whole["total"]) == (25, None, 25)
    exact = await page(nobody.catalog, "/products", category_id=shelf["id"], limit=25)
    assert exact["next_cursor"] is None, "a full last page promises no empty one"


@pytest.mark.parametrize("sort", ["newest", "price", "-price", "name"])
@pytest.mark.parametrize("limit", [1, 7, 100])
async def test_a_walk_sees_each_once(nobody: ServiceClients, shelf: Json, sort: str, limit: int) -> None:
    seen = await walk(nobody.catalog, "/products", category_id=shelf["id"], sort=sort, limit=limit)
    assert len(set(ids(seen))) == len(seen) == 25
    whole = await walk(nobody.catalog, "/products", category_id=shelf["id"], sort=sort, limit=100)
    assert ids(seen) == ids(whole)


@pytest.mark.parametrize("sort", ["newest", "price", "-price", "name"])
async def test_a_walk_is_stable_while_products_come_and_go(
    admin: ServiceClients, nobody: ServiceClients, sort: str
) -> None:
    category = await make_category(admin)
    before = [
        await make_product(admin, name=unique("Stable "), price=f"{number % 2 + 1}.00", category_id=category["id"])
        for number in range(8)
    ]
    query = {"category_id": category["id"], "sort": sort, "limit": 3}
    first = await page(nobody.catalog, "/products", **query)
    # New ones at both ends, and one of those already seen leaves: an offset would now skip or repeat.
    for name, price in (("Aaa", "0.01"), ("Zzz", "99.00"), (unique("Stable "), "1.00")):
        await make_product(admin, name=name, price=price, category_id=category["id"])
    await admin.catalog.delete(f"/product/{first['items'][0]['id']}")
    seen, cursor = ids(first["items"]), first["next_cursor"]
    while cursor:
        got = await page(nobody.catalog, "/products", **query, cursor=cursor)
        seen, cursor = seen + ids(got["items"]), got["next_cursor"]
    assert len(seen) == len(set(seen))
    assert set(ids(before)) <= set(seen)


async def test_a_walk_of_orders(newcomer: Account, admin: ServiceClients) -> None:
    product = await make_product(admin, stock=100)
    placed = [await place(newcomer.call, line(product)) for _ in range(5)]
    newest_first = ids(placed)[::-1]
    first = await page(newcomer.call.order, "/orders", limit=2, with_total="true")
    assert (ids(first["items"]), first["total"]) == (newest_first[:2], 5)
    await place(newcomer.call, line(product))
    rest = await page(newcomer.call.order, "/orders", limit=100, cursor=first["next_cursor"])
    assert ids(rest["items"]) == newest_first[2:]
    for path in ("/orders", f"/orders/user/{newcomer.id}"):
        assert ids(await walk(newcomer.call.order, path, limit=1))[1:] == newest_first


async def test_a_cursor_of_another_order_breaks_nothing(nobody: ServiceClients, shelf: Json) -> None:
    sorts = ["newest", "price", "-price", "name"]
    for made_for in sorts:
        first = await page(nobody.catalog, "/products", category_id=shelf["id"], sort=made_for, limit=2)
        for sort in sorts:
            params = {"sort": sort, "cursor": first["next_cursor"]}
            response = await nobody.catalog.get("/products", params=params)
            assert_answered(response)
