"""What the whole shop has logged: enough to follow anything, and nothing that anybody must not know."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import pytest

from libs.contracts.topology import CATALOG_USERS, ORDER_NOTIFICATIONS, ORDER_USERS
from libs.process.ids import new_id
from libs.testing.wait import until
from tests.observing.shop import ADMIN_EMAIL, ADMIN_PASSWORD, Json, Shop, answer

pytestmark = pytest.mark.xdist_group("observing")

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def lines(shop: Shop) -> Iterator[Json]:
    """Those of the processes' own files; what they print is the same and more."""
    for file in shop.logs.glob("*-*.log"):
        for line in file.read_text().splitlines():
            yield {**json.loads(line), "process": file.name.partition(".")[0]}


async def test_a_purchase_leaves_a_line_for_each_request_and_each_event(shop: Shop) -> None:
    ada, admin = await shop.person(), await shop.admin()
    product = await shop.product(admin)
    story = f"story-{new_id()}"
    order = await shop.buy(ada, product, **{"X-Request-ID": story, "traceparent": TRACEPARENT})

    def handled() -> dict[tuple[str, str], Json]:
        told = (line for line in lines(shop) if line["request_id"] == story and line["event"] == "handled")
        return {(line["queue"], line["type"]): line for line in told}

    expected = {
        ("catalog.orders", "order.placed"),
        ("order.stock", "stock.reserved"),
        ("order.notifications", "order.reserved"),
        ("catalog.orders", "order.paid"),
        ("order.notifications", "order.paid"),
    }
    await until(lambda: handled().keys() >= expected)
    for line in handled().values():
        assert line["trace_id"] == TRACE
        assert line["outcome"] == "done"
        assert line["event_id"]
        assert line["ms"] >= 0
    assert handled()["catalog.orders", "order.placed"]["user_id"] == ada.id
    # It may have asked catalog about the product meanwhile.
    ours = [line for line in lines(shop) if line["process"] == "order-api" and line["request_id"] == story]
    requests = [line for line in ours if line["event"] == "request"]
    assert [(line["method"], line["path"], line["status"]) for line in requests] == [
        ("POST", "/api/v1/order", 201),
        ("POST", f"/api/v1/order/{order['id']}/payment", 201),
    ]
    assert {line["user_id"] for line in requests} == {ada.id}
    assert {line["trace_id"] for line in requests} == {TRACE}


async def test_nothing_secret_is_logged_whatever_happens(shop: Shop) -> None:
    """Requests that are right, wrong and broken; events that are right, unreadable and fail; a mail that is refused."""
    ada, admin = await shop.person(), await shop.admin()
    product = await shop.product(admin)
    await shop.buy(ada, product)
    card, hook = f"tok_{new_id().hex}", f"https://hook:{new_id().hex}@receiver.example.com/"
    await _go_wrong(shop, ada, admin, card, hook)
    await _tell_nonsense(shop, ada.email, ada.password)

    written = "".join(file.read_text(errors="replace") for file in shop.logs.iterdir())
    secrets = {
        "an address": ada.email,
        "the admin's address": ADMIN_EMAIL,
        "a password": ada.password,
        "the admin's password": ADMIN_PASSWORD,
        "a token": ada.token,
        "a token's signature": ada.token.rpartition(".")[2],
        "the admin's token": admin.token,
        "a refresh token": ada.refresh_token,
        "a card": card,
        "a login in a URL": (urlsplit(hook).password or ""),
        "what the provider signs with": shop.payment_webhook_secret,
        "a password of the database": urlsplit(shop.databases["auth"]).password or "",
    }
    assert [what for what, secret in secrets.items() if not secret] == []
    found = {what: line for line in written.splitlines() for what, secret in secrets.items() if secret in line}
    assert found == {}


async def _go_wrong(shop: Shop, ada: Any, admin: Any, card: str, hook: str) -> None:
    auth, catalog, order = (shop.url(name) for name in ("auth", "catalog", "order"))
    call = ada.client
    body = {"email": ada.email, "username": "somebody-else", "password": ada.password}
    assert (await call.post(f"{auth}/auth/register", json=body)).status_code == 409
    half = f'{{"email": "{ada.email}", "password": "{ada.password}'
    for broken in (half, f'{half}\\u0000"}}'):
        assert (await call.post(f"{auth}/auth/register", content=broken)).status_code == 422
    for login in ({"login": ada.email, "password": f"{ada.password} "}, {"login": f"{ada.email}\0", "password": "x"}):
        await call.post(f"{auth}/auth/login", json=login)
    for url in (f"{auth}/auth/verify/{ada.token}", f"{catalog}/products/{ada.token}", f"{order}/order/{ada.email}"):
        assert (await call.get(url)).status_code in {404, 422}
    await call.get(f"{catalog}/products", params={"q": ada.token, "cursor": ada.email, "token": ada.token})
    await call.get(f"{order}/orders", headers={"Authorization": f"Bearer {ada.token}x"})
    await call.post(f"{auth}/auth/verify", json={"token": f"{ada.token}x"})
    await call.post(f"{auth}/auth/refresh", json={"refresh_token": ada.refresh_token})
    await call.post(f"{auth}/auth/refresh", json={"refresh_token": ada.refresh_token})
    await admin.client.post(f"{order}/webhooks", json={"url": hook, "types": ["order.*"], "description": ada.email})
    items = [{"product_id": await shop.product(admin), "quantity": 1}]
    placed = answer(await call.post(f"{order}/order", json={"items": items}), 201)
    await shop.becomes(ada, placed, "awaiting_payment")
    await call.post(f"{order}/order/{placed['id']}/payment", json={"method": "card", "token": card})
    await call.post(f"{order}/order/{placed['id']}/payment", json={"method": "card", "token": "tok_error"})
    await call.post(f"{order}/payments/webhook", content=ada.token, headers={"Signature": shop.payment_webhook_secret})


async def _tell_nonsense(shop: Shop, email: str, password: str) -> None:
    """What no reader can read, and what one can read and not apply; and an address that no mail server takes."""
    exchange = shop.broker.default_exchange
    user = {"id": str(new_id()), "email": email, "username": email, "role": "user", "is_active": True, "version": 1}
    moments = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    bodies = [
        f"{email} {password}".encode(),
        _event("user.created", {**user, **moments, "role": password}),
        _event("user.created", {**user, **moments, "version": password}),
        _event("user.created", {**user, **moments, "email": f"{email}\0"}),
        _event(f"user.{email}", user),
    ]
    for queue in (ORDER_USERS, CATALOG_USERS, ORDER_NOTIFICATIONS):
        for body in bodies:
            message = aio_pika.Message(body, message_id=str(new_id()), type=email, correlation_id=email)
            await exchange.publish(message, queue.name)

    async def are_parked() -> bool:
        found = [await shop.broker.declare_queue(queue.parked, passive=True) for queue in (ORDER_USERS, CATALOG_USERS)]
        return all((each.declaration_result.message_count or 0) >= len(bodies) for each in found)

    await until(are_parked, timeout=60)


def _event(kind: str, data: Json) -> bytes:
    envelope = {
        "specversion": "1.0",
        "id": str(new_id()),
        "source": "/auth",
        "type": kind,
        "subject": data["id"],
        "time": "2026-01-01T00:00:00Z",
        "sequence": "1",
        "data": data,
    }
    return json.dumps(envelope).encode()
