import asyncio

import pytest

from tests.integration.support.clients import Account, Json, ServiceClients
from tests.integration.support.factories import available, line, make_product, reserved, stock
from tests.integration.support.problems import assert_problem, ok, refused_fields


async def adjust(admin: ServiceClients, product: Json, delta: int, reason: str) -> int:
    body = {"delta": delta, "reason": reason}
    return (await admin.catalog.post(f"/product/{product['id']}/stock", json=body)).status_code


def ledger(counted: Json) -> list[tuple[int, str]]:
    return [(entry["delta"], entry["reason"]) for entry in counted["ledger"]]


async def test_each_change_is_kept(admin: ServiceClients, nobody: ServiceClients) -> None:
    product = await make_product(admin, stock=5)
    before = await stock(admin, product)
    assert (before["on_hand"], before["reserved"], before["available"]) == (5, 0, 5)
    assert await adjust(admin, product, 10, "delivery") in {200, 201}
    assert await adjust(admin, product, -3, "broken in the shelf") in {200, 201}
    after = await stock(admin, product)
    assert (after["on_hand"], after["reserved"], after["available"]) == (12, 0, 12)
    assert after["version"] > before["version"]
    assert ledger(after)[:2] == [(-3, "broken in the shelf"), (10, "delivery")]
    seen = ok(await nobody.catalog.get(f"/products/{product['id']}"))
    assert (seen["available"], seen["in_stock"]) == (12, True)


async def test_stock_never_falls_below_zero(admin: ServiceClients) -> None:
    product = await make_product(admin, stock=2)
    body = {"delta": -3, "reason": "counted"}
    response = await admin.catalog.post(f"/product/{product['id']}/stock", json=body)
    assert_problem(response, 409, "stock_too_low")
    counted = await stock(admin, product)
    assert counted["on_hand"] == 2
    assert (-3, "counted") not in ledger(counted)


async def test_stock_never_falls_below_what_is_reserved(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=5)
    await reserved(customer.call, line(product, 4))
    body = {"delta": -2, "reason": "counted"}
    response = await admin.catalog.post(f"/product/{product['id']}/stock", json=body)
    assert_problem(response, 409, "stock_too_low")
    assert await adjust(admin, product, -1, "counted again") in {200, 201}
    counted = await stock(admin, product)
    assert (counted["on_hand"], counted["reserved"], counted["available"]) == (4, 4, 0)


async def test_of_20_takers_at_once_10_get_the_10_there_are(admin: ServiceClients) -> None:
    product = await make_product(admin, stock=10)
    answers = await asyncio.gather(*(adjust(admin, product, -1, f"taker {n}") for n in range(20)))
    assert answers.count(409) == 10
    assert await available(admin, product) == 0
    taken = [delta for delta, reason in ledger(await stock(admin, product)) if reason.startswith("taker")]
    assert taken == [-1] * 10


async def test_stock_never_rises_above_its_bound(admin: ServiceClients) -> None:
    product = await make_product(admin, stock=10_000_000)
    body = {"delta": 1, "reason": "one too many"}
    response = await admin.catalog.post(f"/product/{product['id']}/stock", json=body)
    assert response.status_code in {409, 422}
    assert_problem(response, response.status_code)
    assert await available(admin, product) == 10_000_000


@pytest.mark.parametrize(
    ("field", "value"),
    [("delta", 1.5), ("delta", "x"), ("delta", None), ("delta", True), ("delta", 10**30), ("delta", -(10**30)),
     ("reason", ""), ("reason", "  "), ("reason", None), ("reason", 7), ("on_hand", 5)],
)  # fmt: skip
async def test_what_is_no_change_of_stock(admin: ServiceClients, field: str, value: object) -> None:
    product = await make_product(admin, stock=1)
    body = {"delta": 1, "reason": "delivery", field: value}
    response = await admin.catalog.post(f"/product/{product['id']}/stock", json=body)
    assert field in refused_fields(assert_problem(response, 422))
    assert await available(admin, product) == 1
