import asyncio

import asyncpg

from catalog_service.tests.integration.books import assert_right
from catalog_service.tests.integration.catalog import Catalog, code


async def test_the_ledger_is_read_page_by_page(catalog: Catalog, database: asyncpg.Pool) -> None:
    product = await catalog.product(stock=5)
    path = f"/product/{product['id']}/stock"
    for delta in (4, -3, 2):
        await catalog.send("POST", path, {"delta": delta, "reason": f"by {delta}"})
    page = await catalog.get(path, limit=3)
    assert {key: page[key] for key in ("on_hand", "reserved", "available", "version")} == {
        "on_hand": 8, "reserved": 0, "available": 8, "version": 4,
    }  # fmt: skip
    assert [(entry["delta"], entry["reason"]) for entry in page["ledger"]] == [(2, "by 2"), (-3, "by -3"), (4, "by 4")]
    assert page["ledger"][0]["actor"] == "some-admin"
    rest = await catalog.get(path, limit=3, cursor=page["next_cursor"])
    assert [entry["delta"] for entry in rest["ledger"]] == [5]
    assert rest["next_cursor"] is None
    assert code(await catalog.call("GET", path, params={"cursor": "x"})) == (422, "invalid_cursor")
    await assert_right(database)


async def test_nobody_takes_what_is_not_there(catalog: Catalog, database: asyncpg.Pool) -> None:
    product = await catalog.product(stock=10)
    path = f"/product/{product['id']}/stock"
    answers = await asyncio.gather(
        *(catalog.call("POST", path, json={"delta": -1, "reason": "taken"}) for _ in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [409] * 10
    assert {code(answer)[1] for answer in answers if answer.is_error} == {"stock_too_low"}
    assert (await catalog.get(path))["on_hand"] == 0
    await assert_right(database)


async def test_stock_has_an_upper_bound(catalog: Catalog) -> None:
    product = await catalog.product(stock=10_000_000)
    path = f"/product/{product['id']}/stock"
    assert code(await catalog.call("POST", path, json={"delta": 1, "reason": "more"})) == (409, "stock_too_high")
    for wrong in ({"delta": 0, "reason": "x"}, {"delta": 2**70, "reason": "x"}, {"delta": 1, "reason": " "}):
        assert code(await catalog.call("POST", path, json=wrong)) == (422, "validation_error")


async def test_a_deleted_product_has_no_stock(catalog: Catalog) -> None:
    product = await catalog.product(stock=1)
    await catalog.send("DELETE", f"/product/{product['id']}", status=204)
    path = f"/product/{product['id']}/stock"
    assert code(await catalog.call("GET", path)) == (404, "product_not_found")
    assert code(await catalog.call("POST", path, json={"delta": 1, "reason": "more"})) == (404, "product_not_found")
