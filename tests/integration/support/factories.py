"""What tests put into the shop before they look at something else."""

from typing import Any

import httpx

from tests.integration.support.clients import Json, ServiceClients
from tests.integration.support.names import unique
from tests.integration.support.problems import ok
from tests.integration.support.wait import until


async def make_category(admin: ServiceClients, parent: Json | None = None, **fields: Any) -> Json:
    body = {"name": unique("Category "), **fields}
    if parent is not None:
        body["parent_id"] = parent["id"]
    made: Json = ok(await admin.catalog.post("/category", json=body), 201)
    return made


async def make_product(admin: ServiceClients, **fields: Any) -> Json:
    body = {"name": unique("Product "), "price": "10.00", **fields}
    made: Json = ok(await admin.catalog.post("/product", json=body), 201)
    return made


async def make_webhook(admin: ServiceClients, **fields: Any) -> Json:
    """One that is switched off, at an address that is nobody's, unless `fields` say otherwise."""
    body = {"url": "https://receiver.invalid/events", "types": ["order.paid"], "is_active": False, **fields}
    made: Json = ok(await admin.order.post("/webhook", json=body), 201)
    return made


async def follow(client: httpx.AsyncClient, created: httpx.Response) -> httpx.Response:
    """What stands at the Location of something new."""
    return await client.get(str(client.base_url.join(created.headers["location"])))


def line(product: Json, quantity: int = 1) -> Json:
    return {"product_id": product["id"], "quantity": quantity}


async def place(caller: ServiceClients, *lines: Json, **fields: Any) -> Json:
    order: Json = ok(await caller.order.post("/order", json={"items": list(lines), **fields}), 201)
    return order


async def read_order(caller: ServiceClients, order: Json) -> Json:
    body: Json = ok(await caller.order.get(f"/order/{order['id']}"))
    return body


async def settled(caller: ServiceClients, order: Json) -> Json:
    """The order as soon as the catalog has answered for its stock."""
    return await until(lambda: read_order(caller, order), lambda seen: seen["status"] != "pending")


async def reserved(caller: ServiceClients, *lines: Json, **fields: Any) -> Json:
    """An order whose stock is held."""
    order = await settled(caller, await place(caller, *lines, **fields))
    assert order["status"] == "awaiting_payment", order
    return order


async def stock(admin: ServiceClients, product: Json) -> Json:
    body: Json = ok(await admin.catalog.get(f"/product/{product['id']}/stock"))
    return body


async def available(admin: ServiceClients, product: Json) -> int:
    return int((await stock(admin, product))["available"])


async def until_available(admin: ServiceClients, product: Json, wanted: int) -> None:
    await until(lambda: available(admin, product), lambda seen: seen == wanted)
