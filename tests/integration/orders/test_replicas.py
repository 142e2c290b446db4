"""What the catalog changes reaches the orders, and leaves the placed ones alone."""

from tests.integration.support.clients import Account, Json, ServiceClients
from tests.integration.support.factories import line, make_product, place, read_order
from tests.integration.support.names import unique
from tests.integration.support.problems import assert_problem, ok
from tests.integration.support.wait import until


async def test_a_new_price_holds_for_new_orders_only(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, price="10.00", stock=1000)
    old = await place(customer.call, line(product))
    name = unique("Renamed ")
    ok(await admin.catalog.put(f"/product/{product['id']}", json={"price": "12.34", "name": name}))

    async def order_again() -> Json:
        item: Json = (await place(customer.call, line(product)))["items"][0]
        return item

    seen = await until(order_again, lambda item: item["unit_price"] != "10.00")
    assert (seen["unit_price"], seen["name"]) == ("12.34", name)
    kept = (await read_order(customer.call, old))["items"][0]
    assert (kept["unit_price"], kept["name"]) == ("10.00", product["name"])


async def test_a_deleted_product_is_ordered_no_more(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=1000)
    old = await place(customer.call, line(product))
    assert (await admin.catalog.delete(f"/product/{product['id']}")).status_code == 204
    body = {"items": [line(product)]}
    out = await until(lambda: customer.call.order.post("/order", json=body), lambda seen: seen.status_code != 201)
    assert_problem(out, 404, "product_not_found")
    kept = (await read_order(customer.call, old))["items"][0]
    assert (kept["unit_price"], kept["name"]) == ("10.00", product["name"])


async def test_a_product_deleted_before_anybody_ordered_it(admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=1)
    assert (await admin.catalog.delete(f"/product/{product['id']}")).status_code == 204
    body = {"items": [line(product)]}
    # The product's first event may be ahead of its last one; afterwards it is unknown for good.
    out = await until(lambda: customer.call.order.post("/order", json=body), lambda seen: seen.status_code != 201)
    assert_problem(out, 404, "product_not_found")
