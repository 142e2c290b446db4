"""What the services tell each other, seen from outside."""

import uuid
from datetime import UTC, datetime, timedelta

from tests.integration.support.broker import Heard, Tap
from tests.integration.support.clients import Account, Json, ServiceClients
from tests.integration.support.factories import line, make_product, place, settled
from tests.integration.support.names import unique
from tests.integration.support.problems import ok
from tests.integration.support.users import user_payload


def request_id() -> dict[str, str]:
    return {"X-Request-ID": str(uuid.uuid4())}


def assert_cloud_event(heard: Heard, source: str, subject: str) -> Json:
    """CloudEvents 1.0, and the same facts as properties of the message."""
    event, message = heard.event, heard.message
    assert (event["specversion"], event["source"], event["subject"]) == ("1.0", source, subject)
    assert event["time"].endswith("Z")
    assert abs(datetime.fromisoformat(event["time"]) - datetime.now(UTC)) < timedelta(minutes=10)
    assert message.content_type == "application/cloudevents+json"
    assert message.delivery_mode == 2, "an event survives a restart of the broker"
    assert message.routing_key == message.type == event["type"]
    assert message.message_id == event["id"]
    assert uuid.UUID(event["id"]).version == 7
    assert message.correlation_id == event["correlationid"]
    assert message.app_id
    assert message.timestamp
    assert str(message.headers["aggregate-version"]) == event["sequence"]
    assert b"password" not in message.body
    assert b"$2b$" not in message.body
    data: Json = event["data"]
    return data


async def test_the_life_of_a_user(tap: Tap, nobody: ServiceClients, admin: ServiceClients) -> None:
    who, headers = user_payload(), request_id()
    user = ok(await nobody.auth.post("/auth/register", json=who, headers=headers), 201)
    ok(await admin.auth.patch(f"/users/{user['id']}", json={"is_active": False}))
    assert (await admin.auth.delete(f"/users/{user['id']}")).status_code == 204
    types = ["user.created", "user.updated", "user.deleted"]
    story = await tap.until(lambda: tap.about(user["id"]), *types)
    story.sort(key=lambda heard: int(heard.event["sequence"]))
    assert [(heard.exchange, heard.type) for heard in story] == [("auth.events", name) for name in types]
    created, updated, deleted = (assert_cloud_event(heard, "/auth", user["id"]) for heard in story)
    assert created == user
    assert (updated["is_active"], updated["version"]) == (False, 2)
    assert (deleted["id"], deleted["version"]) == (user["id"], 3)
    assert user["email"] not in story[2].message.body.decode()
    assert story[0].message.correlation_id == headers["X-Request-ID"]


async def test_the_life_of_a_product(tap: Tap, admin: ServiceClients) -> None:
    product = await make_product(admin, price="3.50", sku=unique("e-"), image_urls=["/a.png", "/b.png"])
    ok(await admin.catalog.put(f"/product/{product['id']}", json={"price": "4.00"}))
    assert (await admin.catalog.delete(f"/product/{product['id']}")).status_code == 204
    types = ["product.created", "product.updated", "product.deleted"]
    story = await tap.until(lambda: tap.about(product["id"]), *types)
    story.sort(key=lambda heard: int(heard.event["sequence"]))
    assert [(heard.exchange, heard.type) for heard in story] == [("catalog.events", name) for name in types]
    created, updated, deleted = (assert_cloud_event(heard, "/catalog", product["id"]) for heard in story)
    for field in ("id", "sku", "slug", "name", "price", "currency", "category_id", "is_active", "version"):
        assert created[field] == product[field]
    assert created["image_url"] == "/a.png"
    assert (updated["price"], updated["version"], deleted["version"]) == ("4.00", 2, 3)


async def test_one_id_follows_an_order_through_the_shop(tap: Tap, admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, price="2.00", stock=5)
    headers = request_id()
    response = await customer.call.order.post("/order", json={"items": [line(product, 2)]}, headers=headers)
    order = ok(response, 201)
    assert response.headers["x-request-id"] == headers["X-Request-ID"]
    types = ["order.placed", "stock.reserved", "order.reserved"]
    story = await tap.until(lambda: tap.of(headers["X-Request-ID"]), *types)
    assert [heard.type for heard in story] == types
    placed, held, reserved = story
    assert [heard.exchange for heard in story] == ["order.events", "catalog.events", "order.events"]

    data = assert_cloud_event(placed, "/order", order["id"])
    for field in ("id", "user_id", "status", "total", "currency", "version"):
        assert data[field] == order[field]
    for field in ("product_id", "name", "unit_price", "quantity"):
        assert data["items"][0][field] == order["items"][0][field]
    data = assert_cloud_event(reserved, "/order", order["id"])
    assert (data["status"], data["version"]) == ("awaiting_payment", 2)
    answer = held.event["data"]
    assert (answer["order_id"], answer["order_version"]) == (order["id"], 1)
    assert_cloud_event(held, "/catalog", held.event["subject"])


async def test_one_trace_follows_an_order_through_the_shop(tap: Tap, admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=5)
    trace = uuid.uuid4().hex
    headers = {**request_id(), "traceparent": f"00-{trace}-{trace[:16]}-01"}
    ok(await customer.call.order.post("/order", json={"items": [line(product)]}, headers=headers), 201)
    types = ["order.placed", "stock.reserved", "order.reserved"]
    story = await tap.until(lambda: tap.of(headers["X-Request-ID"]), *types)
    traces = [str(heard.message.headers.get("traceparent")).split("-") for heard in story]
    assert [parts[1:2] for parts in traces] == [[trace]] * 3


async def test_the_rejection_names_what_is_missing(tap: Tap, admin: ServiceClients, customer: Account) -> None:
    product = await make_product(admin, stock=3)
    order = await settled(customer.call, await place(customer.call, line(product, 8)))
    story = await tap.until(lambda: tap.about(order["id"]), "order.placed", "order.rejected")
    chain = story[0].message.correlation_id
    assert chain
    answer = await tap.until(lambda: tap.of(chain), "stock.rejected")
    rejected = next(heard for heard in answer if heard.type == "stock.rejected").event["data"]
    assert (rejected["order_id"], rejected["order_version"]) == (order["id"], 1)
    (shortage,) = rejected["shortages"]
    assert {key: shortage[key] for key in ("product_id", "wanted", "available")} == {
        "product_id": product["id"], "wanted": 8, "available": 3,
    }  # fmt: skip


async def test_cancelling_is_told_under_the_id_of_the_cancelling(
    tap: Tap, admin: ServiceClients, customer: Account
) -> None:
    product = await make_product(admin, stock=5)
    order = await settled(customer.call, await place(customer.call, line(product)))
    headers = request_id()
    for _ in range(2):
        ok(await customer.call.order.post(f"/order/{order['id']}/cancel", headers=headers))
    (heard,) = await tap.until(lambda: tap.of(headers["X-Request-ID"]), "order.cancelled")
    data = assert_cloud_event(heard, "/order", order["id"])
    assert (data["status"], data["version"]) == ("cancelled", 3)


async def test_what_is_refused_is_not_told(tap: Tap, nobody: ServiceClients, customer: Account) -> None:
    refused, headers = request_id(), request_id()
    taken = {**user_payload(), "email": customer.user["email"]}
    assert (await nobody.auth.post("/auth/register", json=taken, headers=refused)).status_code == 409
    ok(await nobody.auth.post("/auth/register", json=user_payload(), headers=headers), 201)
    await tap.until(lambda: tap.of(headers["X-Request-ID"]), "user.created")
    assert tap.of(refused["X-Request-ID"]) == []


async def test_each_version_is_told_once(tap: Tap, admin: ServiceClients) -> None:
    product = await make_product(admin)
    for number in range(1, 6):
        ok(await admin.catalog.put(f"/product/{product['id']}", json={"price": f"{number}.00"}))
    story = await tap.until(
        lambda: [h for h in tap.about(product["id"]) if h.event["sequence"] == "6"], "product.updated"
    )
    assert story[0].event["data"]["price"] == "5.00"
    sequences = [heard.event["sequence"] for heard in tap.about(product["id"])]
    assert sequences == ["1", "2", "3", "4", "5", "6"]
