"""Money is never rounded, and never anything but money."""

import pytest

from tests.integration.support.clients import ServiceClients
from tests.integration.support.factories import make_product
from tests.integration.support.names import unique
from tests.integration.support.problems import assert_problem, ok, refused_fields


def body(price: str) -> bytes:
    """A product whose price stands in the JSON exactly as written here."""
    return f'{{"name": "{unique("Priced ")}", "price": {price}}}'.encode()


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [('"19.99"', "19.99"), ("19.99", "19.99"), ("5", "5.00"), ('"5"', "5.00"), ("5.5", "5.50"), ('"0.01"', "0.01"),
     ("0", "0.00"), ('"9999999.99"', "9999999.99"), ("9999999.99", "9999999.99"), ("0.1", "0.10"), ("1.10", "1.10")],
)  # fmt: skip
async def test_a_price_is_kept_to_the_cent(
    admin: ServiceClients, nobody: ServiceClients, sent: str, stored: str
) -> None:
    made = ok(await admin.catalog.post("/product", content=body(sent), headers=JSON), 201)
    assert made["price"] == stored
    assert ok(await nobody.catalog.get(f"/products/{made['id']}"))["price"] == stored


@pytest.mark.parametrize(
    "sent",
    ['"19.999"', "19.999", "0.30000000000000004", '"-0.01"', "-1", '"NaN"', "NaN", '"Infinity"', "Infinity",
     "-Infinity", '"10000000"', "10000000", '"1e400"', "9999999.991", '""', '" "', '"1,50"',
     '"€5"', '"0x10"', '"-0"', '" 5 "', '"1_0"', '"1e1"', '"5.000"', "true", "false", "null", "[]", "{}", '"1.00 EUR"',
     '"' + "9" * 5000 + '"', '"\\u0000"', '"sNaN"'],
    ids=lambda sent: sent[:24],
)  # fmt: skip
async def test_what_is_no_price_is_refused(admin: ServiceClients, sent: str) -> None:
    response = await admin.catalog.post("/product", content=body(sent), headers=JSON)
    assert "price" in refused_fields(assert_problem(response, 422))
    product = await make_product(admin)
    put = await admin.catalog.put(f"/product/{product['id']}", content=f'{{"price": {sent}}}'.encode(), headers=JSON)
    assert_problem(put, 422)


@pytest.mark.parametrize("sent", ["1e400", "-1e400", "1e-400", "1.00000000000000000001", "1" + "0" * 5000])
async def test_what_no_number_type_holds_is_not_rounded(admin: ServiceClients, sent: str) -> None:
    assert_problem(await admin.catalog.post("/product", content=body(sent), headers=JSON), 422)


@pytest.mark.parametrize("bound", ["min_price", "max_price"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1", "1.999", "x", "", "1e400", "99999999"])
async def test_what_is_no_price_is_no_bound(nobody: ServiceClients, bound: str, value: str) -> None:
    problem = assert_problem(await nobody.catalog.get("/products", params={bound: value}), 422)
    assert bound in refused_fields(problem)
